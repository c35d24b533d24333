const form = document.querySelector('#bearer');
const answer = document.querySelector('#answer');

form.onsubmit = async (event) => {
  event.preventDefault();
  const [method, address] = event.submitter.value.split(' ');
  answer.textContent = await ask(method, address, form.token.value).catch((error) => `No answer: ${error.message}`);
};

async function ask(method, address, token) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const response = await fetch(address, { method, headers });
  const challenge = response.headers.get('WWW-Authenticate');
  const head = [`${response.status} ${response.statusText}`, ...(challenge ? [`WWW-Authenticate: ${challenge}`] : [])];
  return [...head, '', await response.text()].join('\n');
}

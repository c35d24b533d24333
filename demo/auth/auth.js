const form = document.querySelector('#bearer');
const answer = document.querySelector('#answer');

form.onsubmit = async (event) => {
  event.preventDefault();
  const [method, address] = event.submitter.value.split(' ');
  const headers = form.token.value ? { Authorization: `Bearer ${form.token.value}` } : {};
  const response = await fetch(address, { method, headers });
  const challenge = response.headers.get('WWW-Authenticate');
  answer.textContent = [
    `${response.status} ${response.statusText}`,
    ...(challenge ? [`WWW-Authenticate: ${challenge}`] : []),
    '',
    await response.text(),
  ].join('\n');
};

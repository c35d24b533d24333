const film = document.querySelector('video');
const time = document.querySelector('#time');

document.querySelector('#jump').onsubmit = (event) => {
  event.preventDefault();
  film.currentTime = Number(event.submitter.value);
};

const show = () => {
  time.textContent = film.currentTime.toFixed(1);
};
film.ontimeupdate = show;
film.onseeked = show;

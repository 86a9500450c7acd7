// The links of `belfry up` carry user and token behind the #, which no browser sends to a server.
const bell = document.querySelector('belfry-bell')!;
const form = document.querySelector('form')!;
const status = document.querySelector('#status')!;
const user = form.elements.namedItem('user') as HTMLInputElement;
const token = form.elements.namedItem('token') as HTMLInputElement;

function follow(): void {
  bell.userId = user.value;
  bell.token = token.value;
}

const said = new URLSearchParams(location.hash.slice(1));
user.value = said.get('user') ?? '';
token.value = said.get('token') ?? '';
history.replaceState(null, '', location.pathname);

bell.addEventListener('belfry-status', ({ detail }) => {
  status.textContent = detail;
});
form.addEventListener('submit', (event) => {
  event.preventDefault();
  follow();
});
await import(/* @vite-ignore */ new URL('/bell.js', location.href).href);
if (user.value) follow();

export {};

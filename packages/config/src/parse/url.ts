import { parsed, refused, type Parsed } from './parsed.ts';

const HOST_PORT = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/u;
const MAX_PORT = 65_535;

/** A URL as it stands; one with a user name or a password is refused, because it would travel on with them. */
export const parseUrl = (text: string): Parsed<string> => {
  // `URL.parse` instead of `new URL`: the error of the latter carries the text, password included.
  const url = URL.parse(text);
  if (url === null) return refused('is not a URL', 'write it in full, for example https://example.org/path');
  if (url.username !== '' || url.password !== '')
    return refused('carries a user name or password', 'give them in settings of their own');
  return parsed(text);
};

/** `host:port` with a port in 1..65535, as it stands. */
export const parseHostPort = (text: string): Parsed<string> => {
  const port = Number(HOST_PORT.exec(text)?.[1] ?? 0);
  return port >= 1 && port <= MAX_PORT
    ? parsed(text)
    : refused('is not host:port', 'write host:9092 or [::1]:9092, port 1..65535');
};

import { createServer } from 'node:http';

/** The least that any HTTP front door does: read the body, answer. What the gateway is compared with. */
const answer = '{"accepted":1,"rejected":[]}';
const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': answer.length };

const server = createServer((request, response) => {
  request.on('data', () => undefined);
  request.on('end', () => {
    response.writeHead(202, headers);
    response.end(answer);
  });
});

server.listen(Number(process.env['PORT']), '127.0.0.1');

// Starts s3rver with one bucket, lake. Usage: s3_server.js PORT FOLDER DELAY_MS MANNER
// Every answer comes DELAY_MS late. MANNER: serves; refuses_writes, as S3 does for a user who may only read;
// overloaded, which answers every request with 503.
const http = require('http');
const S3rver = require('s3rver');
const [port, directory, delay, manner] = process.argv.slice(2);
const server = new S3rver({address: '127.0.0.1', port, directory, silent: true, configureBuckets: [{name: 'lake'}]});
const answer = server.callback();
server.configureBuckets().then(() => {
  http.createServer((request, response) => {
        if (manner === 'overloaded') {
          response.writeHead(503);
          response.end();
          return;
        }
        if (manner === 'refuses_writes' && request.method !== 'GET' && request.method !== 'HEAD') {
          response.writeHead(403, {'Content-Type': 'application/xml'});
          response.end(
              '<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>');
          return;
        }
        setTimeout(() => answer(request, response), Number(delay));
      })
      .listen(Number(port), '127.0.0.1');
});

/**
 * Conversations that are usual, unusual but valid, and invalid. `lines` ends each line with CRLF. All other text is
 * used exactly as it is written here.
 */

const lines = (...text: string[]): string => text.map((line) => `${line}\r\n`).join('')
const get = lines('GET /kv/x HTTP/1.1', 'Host: n1', '')
const put = `${lines('PUT /kv/x HTTP/1.1', 'Host: n1', 'Content-Length: 5', '')}hello`
const post = (headers: readonly string[], body: string): string =>
  lines('POST /kv/x HTTP/1.1', 'Host: n1', ...headers, '') + body
const chunked = (body: string, headers: readonly string[] = []): string =>
  post(['Transfer-Encoding: chunked', ...headers], body)

/** Streams of requests with a single interpretation. */
export const goodRequests: { readonly [name: string]: string } = {
  get,
  put,
  'put, pipelined with a get': put + get,
  'many, pipelined': get + put + get + chunked('5\r\nhello\r\n0\r\n\r\n') + get,
  head: lines('HEAD /kv/x HTTP/1.1', 'Host: n1', ''),
  'a body of no bytes': post(['Content-Length: 0'], '') + get,
  'a length with leading zeros': post(['Content-Length: 0005'], 'hello') + get,
  'a length of 15 digits': post(['Content-Length: 000000000000005'], 'hello') + get,
  'a length of two digits': post(['Content-Length: 12'], 'hello, world') + get,
  'a length with spaces behind it': post(['Content-Length: 5  '], 'hello') + get,
  'a body in chunks': chunked('5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n') + get,
  'hexadecimal chunk sizes': chunked(`1a\r\n${'x'.repeat(26)}\r\nA\r\n${'y'.repeat(10)}\r\n0\r\n\r\n`) + get,
  'chunk sizes with leading zeros': chunked('0005\r\nhello\r\n000\r\n\r\n') + get,
  'chunk sizes of 13 digits':
    chunked('0000000000005\r\nhello\r\n0000000000002\r\nyo\r\n0000000000000\r\n\r\n').repeat(2) + get,
  'chunk extensions': chunked('5;name=value;other="quoted"\r\nhello\r\n0;last\r\n\r\n') + get,
  trailers: chunked('5\r\nhello\r\n0\r\nDigest: abc\r\nX-More: 1\r\n\r\n', ['Trailer: Digest']) + get,
  'transfer coding in another case': post(['transfer-encoding: CHUNKED'], '1\r\nx\r\n0\r\n\r\n') + get,
  'fields in capitals': post(['TRANSFER-ENCODING: chunked', 'UPGRADE: a'], '1\r\nx\r\n0\r\n\r\n') + get,
  'names that differ in one character from those of lengths':
    post(['Xontent-Length: 9', 'Content-Lengtx: 9', 'Xransfer-Encoding: gzip', 'Transfer-Encodinx: gzip'], '') + get,
  'several transfer codings': post(['Transfer-Encoding: gzip, chunked'], '1\r\nx\r\n0\r\n\r\n') + get,
  'expect 100-continue': post(['Content-Length: 5', 'Expect: 100-continue'], 'hello') + get,
  'fields without a space, or with many': lines('GET / HTTP/1.1', 'Host:n1', 'X:   y  \t', 'Empty:', '') + get,
  'the same field twice': lines('GET / HTTP/1.1', 'Host: n1', 'Accept: a', 'Accept: b', '') + get,
  'empty lines before a request': `\r\n\r\n${get}\r\n${put}`,
  'a target with a query': lines('GET /kv/x?a=1&b=%20&c=é HTTP/1.1', 'Host: n1', '') + get,
  'an absolute target': lines('GET http://n1:80/kv/x HTTP/1.1', 'Host: n1', '') + get,
  'an asterisk': lines('OPTIONS * HTTP/1.1', 'Host: n1', '') + get,
  'a Latin-1 value': lines('GET / HTTP/1.1', 'Host: n1', 'X-Name: caf\u00e9', '') + get,
  'HTTP/1.0': lines('GET / HTTP/1.0', ''),
  'HTTP/1.0 kept alive': lines('GET / HTTP/1.0', 'Connection: keep-alive', '') + get,
  'no fields': lines('GET / HTTP/1.1', ''),
  'connection: close': lines('GET / HTTP/1.1', 'Host: n1', 'Connection: close', ''),
  'long fields': lines('GET / HTTP/1.1', 'Host: n1', `Cookie: ${'abc=def; '.repeat(200)}`, '') + get,
  'many fields': lines('GET / HTTP/1.1', 'Host: n1', ...Array.from({ length: 80 }, (_, i) => `X-${i}: ${i}`), '') + get,
  'a delete with a body': `${lines('DELETE /kv/x HTTP/1.1', 'Host: n1', 'Content-Length: 2', '')}ok${get}`,
  'a get with a body': `${lines('GET /kv/x HTTP/1.1', 'Host: n1', 'Content-Length: 2', '')}ok${get}`,
  'cut off in its head': get + put.slice(0, 20),
  'cut off in its body': get + put.slice(0, -2),
  'cut off in a chunk': chunked('5\r\nhel'),
  'cut off before its last chunk': chunked('5\r\nhello\r\n'),
}

/** Streams in which a good request is followed by one that recipients interpret differently or refuse. */
export const badRequests: { readonly [name: string]: string } = {
  'both lengths': post(['Content-Length: 5', 'Transfer-Encoding: chunked'], '0\r\n\r\n') + get,
  'both lengths, with no bytes': post(['Content-Length: 0', 'Transfer-Encoding: chunked'], '0\r\n\r\n') + get,
  'both lengths, the other way round': post(['Transfer-Encoding: chunked', 'Content-Length: 5'], '0\r\n\r\n') + get,
  'two lengths': post(['Content-Length: 5', 'Content-Length: 6'], 'hello!') + get,
  'two lengths, the first of no bytes': post(['Content-Length: 0', 'Content-Length: 5'], 'hello') + get,
  'the same length twice': post(['Content-Length: 5', 'Content-Length: 5'], 'hello') + get,
  'a list of lengths': post(['Content-Length: 5, 5'], 'hello') + get,
  'a negative length': post(['Content-Length: -5'], 'hello') + get,
  'a signed length': post(['Content-Length: +5'], 'hello') + get,
  'a hexadecimal length': post(['Content-Length: 0x5'], 'hello') + get,
  'an empty length': post(['Content-Length:'], '') + get,
  'a length with a space in it': post(['Content-Length: 5 5'], 'hello') + get,
  'a length of 16 digits': post(['Content-Length: 0000000000000005'], 'hello') + get,
  'a length beyond all': post(['Content-Length: 99999999999999999999'], 'hello') + get,
  'chunked, but not last': post(['Transfer-Encoding: chunked, gzip'], '0\r\n\r\n') + get,
  'chunked twice': post(['Transfer-Encoding: chunked, chunked'], '0\r\n\r\n') + get,
  'two transfer encodings': post(['Transfer-Encoding: gzip', 'Transfer-Encoding: chunked'], '0\r\n\r\n') + get,
  'an unknown coding alone': post(['Transfer-Encoding: identity'], 'hello') + get,
  'a coding spelled oddly': post(['Transfer-Encoding: xchunked'], '0\r\n\r\n') + get,
  'a coding with a vertical tab': post(['Transfer-Encoding: \vchunked'], '0\r\n\r\n') + get,
  'chunked with a tab behind it': post(['Transfer-Encoding: chunked\t'], '0\r\n\r\n') + get,
  'a length with a tab before it': post(['Content-Length:\t5'], 'hello') + get,
  'chunked in HTTP/1.0': `${lines('POST / HTTP/1.0', 'Transfer-Encoding: chunked', '')}0\r\n\r\n${get}`,
  'a folded field': lines('GET / HTTP/1.1', 'Host: n1', 'X: a', ' b', '') + get,
  'a folded length': post(['Content-Length:', ' 5'], 'hello') + get,
  'a space before the colon': post(['Content-Length : 5'], 'hello') + get,
  'a space before a name': lines('GET / HTTP/1.1', ' Host: n1', '') + get,
  'a field without a colon': lines('GET / HTTP/1.1', 'Host', '') + get,
  'an empty name': lines('GET / HTTP/1.1', ': n1', '') + get,
  'a NUL in a value': lines('GET / HTTP/1.1', 'Host: n\0', '') + get,
  'a CR in a value': lines('GET / HTTP/1.1', 'Host: n\r1', '') + get,
  'bare LFs': `GET / HTTP/1.1\nHost: n1\n\n${get}`,
  'one bare LF': `GET / HTTP/1.1\r\nHost: n1\nX: y\r\n\r\n${get}`,
  'a bare LF at the end': `GET / HTTP/1.1\r\nHost: n1\r\n\n${get}`,
  'a bare LF after a chunk size': chunked('5\nhello\r\n0\r\n\r\n') + get,
  'a bare LF after a chunk': chunked('5\r\nhello\n0\r\n\r\n') + get,
  'a chunk longer than it says': chunked('3\r\nhello\r\n0\r\n\r\n') + get,
  'a chunk size that is no number': chunked('five\r\nhello\r\n0\r\n\r\n') + get,
  'an empty chunk size': chunked('\r\nhello\r\n0\r\n\r\n') + get,
  'a negative chunk size': chunked('-5\r\nhello\r\n0\r\n\r\n') + get,
  'a chunk size with a prefix': chunked('0x5\r\nhello\r\n0\r\n\r\n') + get,
  'a chunk size with a space': chunked('5 \r\nhello\r\n0\r\n\r\n') + get,
  'a chunk size of 14 digits': chunked('00000000000005\r\nhello\r\n0\r\n\r\n') + get,
  'a chunk size beyond all': chunked('fffffffffffffffff\r\nhello\r\n0\r\n\r\n') + get,
  'a bare LF in an extension': chunked('5;a\nb\r\nhello\r\n0\r\n\r\n') + get,
  'a length in the trailers': chunked('0\r\nContent-Length: 5\r\n\r\n') + get,
  'a coding in the trailers': chunked('0\r\nTransfer-Encoding: chunked\r\n\r\n') + get,
  'a length in the trailers, with a space before its colon': chunked('0\r\nContent-Length : 5\r\n\r\n') + get,
  'a trailer without a name': chunked('0\r\n: 5\r\n\r\n') + get,
  'a bare LF in a trailer': chunked('0\r\nDigest: a\nb\r\n\r\n') + get,
  'a trailer without a colon': chunked('0\r\nTrailer\r\n\r\n') + get,
  'a CR without its LF after the version': `GET / HTTP/1.1\rX\r\n\r\n${get}`,
  'a LF after one more character': `GET / HTTP/1.1x\n\r\n${get}`,
  'no version': `GET /\r\n\r\n${get}`,
  'version 2': lines('GET / HTTP/2.0', 'Host: n1', '') + get,
  'a version with a letter': lines('GET / HTTP/1.x', 'Host: n1', '') + get,
  'two spaces': lines('GET  / HTTP/1.1', 'Host: n1', '') + get,
  'no target': lines('GET  HTTP/1.1', 'Host: n1', '') + get,
  'a control character before the version': lines('GET /\x7fHTTP/1.1', 'Host: n1', '') + get,
  'a space at the end of the line': lines('GET / HTTP/1.1 ', 'Host: n1', '') + get,
  'a method that is no token': lines('GE(T / HTTP/1.1', 'Host: n1', '') + get,
  'a method without end': `${'A'.repeat(100)} / HTTP/1.1\r\n\r\n`,
  'a TLS handshake': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'a Redis command': '*1\r\n$4\r\nPING\r\n',
  'a head without end': `GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(12_000)}`,
}

export interface ResponseStream {
  /** The methods of the answered requests, in order. */
  readonly methods: readonly string[]
  readonly text: string
}

const ok = lines('HTTP/1.1 200 OK', 'Content-Length: 5', '')
const answer = `${ok}hello`
const stream = (text: string, ...methods: string[]): ResponseStream => ({ methods, text })

export const goodResponses: { readonly [name: string]: ResponseStream } = {
  'a length': stream(answer, 'GET'),
  'several, pipelined': stream(answer + answer + answer, 'GET', 'PUT', 'GET'),
  'no body': stream(lines('HTTP/1.1 200 OK', 'Content-Length: 0', '') + answer, 'PUT', 'GET'),
  'to HEAD': stream(ok + answer, 'HEAD', 'GET'),
  'to HEAD, in chunks': stream(lines('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', '') + answer, 'HEAD', 'GET'),
  '204': stream(lines('HTTP/1.1 204 No Content', '') + answer, 'PUT', 'GET'),
  '304 with a length': stream(lines('HTTP/1.1 304 Not Modified', 'Content-Length: 5', '') + answer, 'GET', 'GET'),
  chunked: stream(
    `${lines('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', '')}5\r\nhello\r\n0\r\n\r\n${answer}`,
    'GET',
    'GET',
  ),
  'chunked, with trailers': stream(
    `${lines('HTTP/1.1 200 OK', 'Trailer: X', 'Transfer-Encoding: chunked', '')}5\r\nhello\r\n0\r\nX: y\r\n\r\n${answer}`,
    'GET',
    'GET',
  ),
  '100 first': stream(lines('HTTP/1.1 100 Continue', '') + answer + answer, 'PUT', 'GET'),
  '102, 103 and then': stream(
    lines('HTTP/1.1 102 Processing', '') + lines('HTTP/1.1 103 Early Hints', 'Link: </a>', '') + answer,
    'GET',
  ),
  'until the end of the connection': stream(`${lines('HTTP/1.1 200 OK', 'Connection: close', '')}hello`, 'GET'),
  'until the end, in HTTP/1.0': stream(`${lines('HTTP/1.0 200 OK', '')}hello`, 'GET'),
  'until the end, with another coding': stream(
    `${lines('HTTP/1.1 200 OK', 'Transfer-Encoding: gzip', '')}hello`,
    'GET',
  ),
  'no reason': stream(`${lines('HTTP/1.1 200 ', 'Content-Length: 5', '')}hello`, 'GET'),
  'no space after the status': stream(`${lines('HTTP/1.1 200', 'Content-Length: 5', '')}hello`, 'GET'),
  'a status nobody knows': stream(`${lines('HTTP/1.1 799 Whatever', 'Content-Length: 5', '')}hello`, 'GET'),
  errors: stream(`${lines('HTTP/1.1 503 Unavailable', 'Content-Length: 5', '')}hello${answer}`, 'GET', 'GET'),
  'cut off in its head': stream(ok.slice(0, 20), 'GET'),
  'cut off in its body': stream(answer.slice(0, -2), 'GET'),
}

export const badResponses: { readonly [name: string]: ResponseStream } = {
  'both lengths': stream(
    `${lines('HTTP/1.1 200 OK', 'Content-Length: 5', 'Transfer-Encoding: chunked', '')}0\r\n\r\n`,
    'GET',
  ),
  'chunked with a tab behind it': stream(
    `${lines('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked\t', '')}0\r\n\r\n`,
    'GET',
  ),
  'two lengths': stream(`${lines('HTTP/1.1 200 OK', 'Content-Length: 5', 'Content-Length: 6', '')}hello!`, 'GET'),
  'a negative length': stream(`${lines('HTTP/1.1 200 OK', 'Content-Length: -1', '')}hello`, 'GET'),
  'a folded field': stream(`${lines('HTTP/1.1 200 OK', 'X: a', ' b', 'Content-Length: 5', '')}hello`, 'GET'),
  'a bare LF': stream('HTTP/1.1 200 OK\nContent-Length: 5\n\nhello', 'GET'),
  'no status': stream(lines('HTTP/1.1 OK', ''), 'GET'),
  'a status of two digits': stream(lines('HTTP/1.1 20 OK', ''), 'GET'),
  'no version': stream(lines('200 OK', ''), 'GET'),
  'no space before the status': stream(lines('HTTP/1.1x200 OK', 'Content-Length: 0', ''), 'GET'),
  'an empty line before it': stream(`\r\n${answer}`, 'GET'),
  'a bad chunk size': stream(
    `${lines('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', '')}zz\r\nhello\r\n0\r\n\r\n`,
    'GET',
  ),
}

import { expect, test } from 'vitest'
import { ran } from '../../../testing/src/simulated.ts'

/** The log of a program that calls its own server at `url`. */
async function logged(asking: string): Promise<readonly string[]> {
  const { lines } = await ran(`
    import { createServer } from 'node:http'
    createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      if (request.url === '/empty') return response.writeHead(204).end()
      if (request.url === '/endless') return response.write('begun')
      const { 'content-type': type = 'none', tag = 'none' } = request.headers
      response.setHeader('Set-Cookie', ['a=1', 'b=2'])
      response.end(JSON.stringify([request.method, type, tag, body]))
    }).listen(process.env['PORT'], async () => {
      const url = 'http://localhost:3000/'
      ${asking}
    })`)
  return lines.map((line) => line.slice('n1: '.length))
}

test('a response can be read once, as text, JSON, bytes or a stream', async () => {
  const lines = await logged(`
    const init = { method: 'POST', body: 'é', headers: { Tag: ' x ' } }
    const one = await fetch(url, init)
    console.log(await one.text(), one.ok, one.bodyUsed, one instanceof Response, one.headers.getSetCookie().join())
    console.log(await one.json().catch((error) => error.name))
    console.log((await (await fetch(new URL(url))).json()).join())
    console.log(new Uint8Array(await (await fetch(url)).arrayBuffer()).length)
    let streamed = ''
    for await (const chunk of (await fetch(url)).body) streamed += Buffer.from(chunk)
    console.log(streamed)
    const two = await fetch(url)
    console.log(await two.clone().text() === await two.text(), two.url)`)
  expect(lines).toEqual([
    '["POST","text/plain;charset=UTF-8","x","é"] true true true a=1,b=2',
    'TypeError',
    'GET,none,none,',
    '24',
    '["GET","none","none",""]',
    'true http://localhost:3000/',
  ])
})

test('fetch encodes all types of request bodies, and throws a TypeError for invalid requests, as Node does', async () => {
  const lines = await logged(`
    const said = async (...args) => (await fetch(...args).catch((error) => ({ text: () => error.name }))).text()
    console.log(await said(new Request(url, { method: 'PUT', body: new URLSearchParams({ a: '1' }) })))
    console.log(await said(url, { method: 'post', body: new Blob(['b'], { type: 'text/x' }), headers: [['tag', 't']] }))
    console.log(await said(url, { method: 'GET', body: 'x' }), await said('/relative'), await said(url, { headers: { 'a b': '' } }))
    const { status, body } = await fetch(url + 'empty')
    console.log(status, body)`)
  expect(lines).toEqual([
    '["PUT","application/x-www-form-urlencoded;charset=UTF-8","none","a=1"]',
    '["POST","text/x","t","b"]',
    'TypeError TypeError TypeError',
    '204 null',
  ])
})

test('a blob is read completely, whatever the types of its parts', async () => {
  const lines = await logged(`
    const { Blob: Same, File } = await import('node:buffer')
    const blob = new Same(['ab', new Uint8Array([99]), new Blob(['de'])], { type: 'text/x' })
    console.log(await blob.text(), await blob.slice(1, -1).text(), blob.size, blob instanceof Blob, blob.type)
    console.log(String(new Uint8Array(await blob.arrayBuffer())), await new Response(blob.stream()).text())
    const file = new File([blob], 'a.txt')
    console.log(file.name, await file.text())
    const response = await fetch(url, { method: 'POST', body: blob })
    console.log(await response.blob().then((read) => read.text()))
    console.log(await new Response('x', { headers: { 'content-type': 'a/b' } }).blob().then(async (read) => read.type + await read.text()))
    const form = new FormData()
    form.append('f', file)
    const { headers } = new Request(url, { method: 'POST', body: form })
    console.log(headers.get('content-type').split(';')[0], (await (await fetch(url, { method: 'POST', body: form })).json())[3].includes('abcde'))`)
  expect(lines).toEqual([
    'abcde bcd 5 true text/x',
    '97,98,99,100,101 abcde',
    'a.txt abcde',
    '["POST","text/x","none","abcde"]',
    'a/bx',
    'multipart/form-data true',
  ])
})

test('a signal aborts a request before and during the response', async () => {
  const lines = await logged(`
    const early = fetch(url, { signal: AbortSignal.abort() })
    console.log(await early.catch((error) => error.name))
    const late = await fetch(url + 'endless', { signal: AbortSignal.timeout(100) })
    console.log(await late.text().catch((error) => error.name))`)
  expect(lines).toEqual(['AbortError', 'TimeoutError'])
})

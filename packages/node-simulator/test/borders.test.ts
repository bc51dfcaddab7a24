import { UserError } from '@chaosproxy/history'
import { loadService } from '@chaosproxy/node-simulator'
import { describe, expect, test } from 'vitest'
import { ran, serving, written } from './simulated.ts'

const refusals: readonly (readonly [what: string, program: string, instead: RegExp])[] = [
  ['worker_threads.Worker', `import { Worker } from 'node:worker_threads'; new Worker('x.js')`, /in the same thread/],
  ['child_process.spawn', `import { spawn } from 'node:child_process'; spawn('ls')`, /chaos run/],
  ['cluster.fork', `import cluster from 'node:cluster'; cluster.fork()`, /--nodes/],
  ['tls.connect', `import tls from 'node:tls'; tls.connect(443)`, /use http:/],
  ['https.get', `import https from 'node:https'; https.get('https://n1')`, /use http:/],
  ['http2.connect', `import http2 from 'node:http2'; http2.connect('http://n1')`, /node:http/],
  ['dgram.createSocket', `import dgram from 'node:dgram'; dgram.createSocket('udp4')`, /node:net/],
  ['zlib.createGzip', `import zlib from 'node:zlib'; zlib.createGzip()`, /Sync/],
  ['new MessageChannel()', `new MessageChannel()`, /setImmediate/],
  ['new BroadcastChannel()', `new BroadcastChannel('x')`, /EventEmitter/],
  ['crypto.subtle.generateKey', `await crypto.subtle.generateKey({ name: 'x' }, true, [])`, /node:crypto/],
  ['dns.resolve4', `import dns from 'node:dns'; dns.resolve4('n1', () => {})`, /lookup/],
  ['process.chdir', `process.chdir('/')`, /cwd/],
  ['the host example.com', `await fetch('http://example.com/')`, /fake/],
  ['loading "./other.js"', `const name = './other' + '.js'; await import(name)`, /literal/],
  ['connecting to /tmp/x.sock', `import net from 'node:net'; net.connect('/tmp/x.sock').on('error', () => {})`, /port/],
]

describe('what cannot be simulated is refused by name, with what to do instead', () => {
  test.each(refusals)('%s', async (what, program, instead) => {
    const error = await ran(serving(program)).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(UserError)
    const { code, message } = error as UserError
    expect(code).toBe('input')
    // Even where the program catches it: what it would have done can only be guessed.
    expect(message).toContain(`cannot be simulated: on n1, ${what}`)
    expect(message).toMatch(instead)
  })

  test('even if the program catches the error', async () => {
    const caught = serving(`import { spawn } from 'node:child_process'; try { spawn('ls') } catch {}`)
    await expect(ran(caught)).rejects.toThrow(/child_process.spawn cannot be simulated/)
  })

  test('but modules that are loaded and never used are accepted', async () => {
    const { lines } = await ran(
      serving(`import tls from 'node:tls'; import http2 from 'node:http2'; import 'node:child_process'
        class Mine extends tls.TLSSocket {}
        console.log(typeof Mine, typeof http2.connect)`),
    )
    expect(lines).toEqual(['n1: function function'])
  })
})

const mistakes: readonly (readonly [title: string, program: string, said: RegExp])[] = [
  [
    'throws at import',
    `const x: number = 1\nthrow new TypeError('no ' + x)`,
    /threw: TypeError: no 1\n {4}at \S*server.ts:2:7/,
  ],
  [
    'rejects at import',
    `await Promise.reject(new Error('gone'))`,
    /ended before it listened, on n1: threw: Error: gone/,
  ],
  ['exits', `process.exit(3)`, /ended before it listened, on n1: called process.exit\(3\)/],
  ['listens twice on a port', serving(`createServer().listen(process.env['PORT'])`), /EADDRINUSE 0.0.0.0:3000/],
]

describe('a program that', () => {
  test.each(mistakes)('%s is reported in one line with its place', async (_, program, said) => {
    await expect(ran(program)).rejects.toThrow(said)
  })

  test('never listens is reported when a client wants to connect', async () => {
    const asking = { meanwhile: (cluster: { connect(node: string): unknown }) => void cluster.connect('n1') }
    await expect(ran(`await new Promise(() => {})`, asking)).rejects.toThrow(
      /never listens: n1 opened no port within 5 s/,
    )
  })

  test('has a syntax error is refused before anything runs', async () => {
    await expect(loadService(written('const = 1'))).rejects.toThrow(/server.ts cannot be bundled: /)
  })

  test('does not exist is refused', async () => {
    const { routes } = written('')
    await expect(loadService({ program: './nowhere.ts', routes })).rejects.toThrow(/nowhere.ts: there is no such file/)
  })

  test('writes a gigabyte to its log ends all the same', async () => {
    const { lines } = await ran(serving(`for (let i = 0; i < 100_000; i++) console.log('line', i)`))
    expect(lines.length).toBe(50_000)
  })
})

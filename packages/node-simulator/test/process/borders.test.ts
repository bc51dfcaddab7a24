import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { millis, UserError } from '@chaosproxy/history'
import { createServiceCluster, loadService, outsidePromises, requireQuiet } from '@chaosproxy/node-simulator'
import { describe, expect, test } from 'vitest'
import { ran, serving, written } from '../../../testing/src/simulated.ts'

const refusals: readonly (readonly [what: string, program: string, instead: RegExp])[] = [
  ['worker_threads.Worker', `import { Worker } from 'node:worker_threads'; new Worker('x.js')`, /in the same thread/],
  ['child_process.spawn', `import { spawn } from 'node:child_process'; spawn('ls')`, /chaos run/],
  ['cluster.fork', `import cluster from 'node:cluster'; cluster.fork()`, /--nodes/],
  ['tls.connect', `import tls from 'node:tls'; tls.connect(443)`, /Use http:/],
  ['https.get', `import https from 'node:https'; https.get('https://n1')`, /Use http:/],
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

describe('a call that cannot be simulated', () => {
  test.each(refusals)(
    'a call that cannot be simulated is refused with a remedy: %s',
    async (what, program, instead) => {
      const error = await ran(serving(program)).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      expect(error).toBeInstanceOf(UserError)
      const { code, message } = error as UserError
      expect(code).toBe('input')
      // The run ends even if the program catches the error, because its further behaviour can only be guessed.
      expect(message).toContain(`cannot be simulated: on n1, ${what}`)
      expect(message).toMatch(instead)
    },
  )

  test('a call that cannot be simulated is refused even if the program catches the error', async () => {
    const caught = serving(`import { spawn } from 'node:child_process'; try { spawn('ls') } catch {}`)
    await expect(ran(caught)).rejects.toThrow(/child_process.spawn cannot be simulated/)
  })

  test('a call that cannot be simulated is refused only at the call, and not when its module is loaded', async () => {
    const { lines } = await ran(
      serving(`import tls from 'node:tls'; import http2 from 'node:http2'; import 'node:child_process'
        class Mine extends tls.TLSSocket {}
        console.log(typeof Mine, typeof http2.connect)`),
    )
    expect(lines).toEqual(['n1: function function'])
  })
})

describe('a mostly refused module of Node', () => {
  test('tls allows a package to extend the internal base class of TLSSocket', async () => {
    const { lines } = await ran(
      serving(`import { PassThrough } from 'node:stream'; import tls from 'node:tls'
        const Inner = new tls.TLSSocket(new PassThrough())._handle._parentWrap.constructor
        class Mine extends Inner {}
        console.log(typeof Mine, ({}) instanceof tls.TLSSocket)`),
    )
    expect(lines).toEqual(['n1: function false'])
  })

  test('tls throws only when a method of TLSSocket is called', async () => {
    const used = `import { PassThrough } from 'node:stream'; import tls from 'node:tls'
      new tls.TLSSocket(new PassThrough()).write('x')`
    await expect(ran(serving(used))).rejects.toThrow(/tls\.TLSSocket\.write cannot be simulated/)
  })

  test('v8 serialises values and returns constant heap statistics', async () => {
    const { lines } = await ran(
      serving(`import v8 from 'node:v8'
        const { value } = v8.deserialize(v8.serialize({ value: 7n }))
        console.log(value, v8.getHeapStatistics().used_heap_size, v8.startupSnapshot.isBuildingSnapshot())`),
    )
    expect(lines).toEqual(['n1: 7n 16777216 false'])
    await expect(ran(serving(`import v8 from 'node:v8'; v8.setFlagsFromString('--x')`))).rejects.toThrow(
      /v8\.setFlagsFromString cannot be simulated/,
    )
  })

  test('node:repl is refused at its import, and a missing package throws ERR_MODULE_NOT_FOUND', async () => {
    const { lines } = await ran(
      serving(`const code = ({ code }) => code
        console.log(await import('@not/installed').catch(code), await import('not-' + process.env.NO).catch(code), await import('not-installed').then(String, code))`),
    )
    expect(lines).toEqual(['n1: ERR_MODULE_NOT_FOUND ERR_MODULE_NOT_FOUND ERR_MODULE_NOT_FOUND'])
    await expect(ran(serving(`await import('node:repl').catch(() => {})`))).rejects.toThrow(
      /node:repl cannot be simulated: it is not implemented yet/,
    )
  })
})

describe('an undeclared server', () => {
  test('an undeclared server is refused with the name of the service that usually listens on its port', async () => {
    const dials = `import { connect } from 'node:net'; await new Promise((_, no) => connect(5432, 'localhost').on('error', no))`
    await expect(ran(serving(dials))).rejects.toThrow(
      /PostgreSQL at localhost:5432 cannot be simulated: it is not a node of .*chaos run/,
    )
  })

  test('an undeclared server accepts connections if the program itself runs it', async () => {
    const { lines } = await ran(
      serving(`import { connect, createServer as serve } from 'node:net'
        await new Promise((listens) => serve((socket) => socket.end('hello')).listen(5432, listens))
        connect(5432, 'localhost').on('data', (bytes) => console.log(String(bytes)))`),
    )
    expect(lines).toEqual(['n1: hello'])
  })
})

test('a program can use the global crypto, and replaces globals only for itself', async () => {
  const { lines } = await ran(
    serving(`const { crypto } = globalThis
      globalThis.navigator = 'mine'
      console.log(typeof crypto.randomUUID, globalThis.navigator, typeof global.fetch)`),
  )
  expect(lines).toEqual(['n1: function mine function'])
  expect(Reflect.get(globalThis, 'navigator')).not.toBe('mine')
})

test("crypto.subtle.digest returns Node's digests, and throws NotSupportedError for an unknown algorithm", async () => {
  const { lines } = await ran(
    serving(`import { createHash } from 'node:crypto'
      const bytes = new TextEncoder().encode('chaos')
      for (const name of ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'])
        console.log(Buffer.from(await crypto.subtle.digest({ name }, bytes.buffer)).toString('hex')
          === createHash(name.replace('-', '')).update(bytes).digest('hex'))
      console.log(await crypto.subtle.digest('MD5', bytes).catch(({ name }) => name))`),
  )
  expect(lines).toEqual([...Array(4).fill('n1: true'), 'n1: NotSupportedError'])
})

test('node:stream/consumers collects the content of a stream', async () => {
  const { lines } = await ran(
    serving(`import { Readable } from 'node:stream'
      import { arrayBuffer, blob, buffer, json, text } from 'node:stream/consumers'
      const made = () => Readable.from([Buffer.from('[1'), ',2]'])
      console.log(String(await buffer(made())), (await arrayBuffer(made())).byteLength, await (await blob(made())).text())
      console.log(await text(made()), (await json(made())).length)`),
  )
  expect(lines).toEqual(['n1: [1,2] 5 [1,2]', 'n1: [1,2] 2'])
})

test('a program with an interpreter line parses its own arguments, not those of the real process', async () => {
  const { lines } = await ran(
    `#!/usr/bin/env node
${serving(`import { parseArgs } from 'node:util'
process.argv.push('db.json')
console.log(parseArgs({ allowPositionals: true }).positionals, parseArgs({ args: [] }).positionals)`)}`,
  )
  expect(lines).toEqual(["n1: [ 'db.json' ] []"])
})

test('an https.Agent can be created, but cannot connect', async () => {
  const { lines } = await ran(
    serving(`import https from 'node:https'; console.log(new https.Agent({ keepAlive: true }) instanceof https.Agent)`),
  )
  expect(lines).toEqual(['n1: true'])
  const used = `import http from 'node:http'; import https from 'node:https'
    http.get({ protocol: 'https:', agent: https.globalAgent, host: 'n1' }).on('error', () => {})`
  await expect(ran(serving(used))).rejects.toThrow(/https\.Agent cannot be simulated/)
})

const broken: readonly (readonly [title: string, program: string, said: RegExp])[] = [
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
  [
    'exits after it wrote why',
    `console.log('Usage'); console.log('a\\n\\nb'); console.error('no file'); process.exit(1)`,
    /called process.exit\(1\)\n {4}It wrote last:\n {4}a\n {4}b\n {4}no file$/,
  ],
  ['listens twice on a port', serving(`createServer().listen(process.env['PORT'])`), /EADDRINUSE 0.0.0.0:3000/],
]

describe('a faulty program', () => {
  test.each(broken)(
    'a faulty program is reported with the location of the fault if it %s',
    async (_, program, said) => {
      await expect(ran(program)).rejects.toThrow(said)
    },
  )

  test('a program that never listens is reported at the first connection of a client', async () => {
    const asking = { meanwhile: (cluster: { connect(node: string): unknown }) => void cluster.connect('n1') }
    await expect(ran(`await new Promise(() => {})`, asking)).rejects.toThrow(
      /did not listen: n1 opened no port within 5 s/,
    )
  })

  test('a program with a syntax error is refused when it is loaded', async () => {
    await expect(loadService(written('const = 1'))).rejects.toThrow(/server.ts cannot be bundled: /)
  })

  test('a program whose file does not exist is refused', async () => {
    const { routes } = written('')
    await expect(loadService({ program: './nowhere.ts', routes })).rejects.toThrow(/nowhere.ts: there is no such file/)
  })

  test('the log of a program that prints 100,000 lines has only 50,000 lines', async () => {
    const { lines } = await ran(serving(`for (let i = 0; i < 100_000; i++) console.log('line', i)`))
    expect(lines.length).toBe(50_000)
  })

  test('a program that writes a gigabyte to its log is refused', async () => {
    const chatty = serving(`const line = 'x'.repeat(1e6); for (let i = 0; i < 1_000; i++) console.log(line)`)
    await expect(ran(chatty)).rejects.toThrow(/on n1, writing more than 32 MB to the log of a run cannot be simulated/)
  })
})

describe('a program that changes shared objects', () => {
  const MEMBERS: readonly (readonly [what: string, program: string])[] = [
    ['Array.prototype.at', 'Array.prototype.at = () => 7'],
    ['Date.now', 'Date.now = () => 5'],
    ['Promise', 'Promise = class extends Promise {}'],
    ['fetch', 'fetch = () => 1'],
    ['Math.max', 'setTimeout(() => { Math.max = () => 3 }, 50)'],
    ['JSON.stringify', "JSON.stringify = () => '{}'"],
    ['http.Server.prototype.close', `;(await import('node:http')).default.Server.prototype.close = () => {}`],
    ['stream.Readable.prototype.read', `;(await import('node:stream')).Readable.prototype.read = () => null`],
    ['Intl.forever', `Object.defineProperty(Intl, 'forever', { value: 1 })`],
  ]

  test.each(MEMBERS)(
    'a program that replaces %s is refused, and the next run has the original functions',
    async (what, program) => {
      await expect(ran(serving(program))).rejects.toThrow(
        `replacing ${what} cannot be simulated: it is shared by all nodes`,
      )
      const { lines } = await ran(
        serving(
          `console.log([1].at(0), Math.max(1, 2), JSON.stringify({}), Date.now() > 1e12, String(fetch).length > 20, await Promise.resolve(3))`,
        ),
      )
      expect(lines).toEqual(['n1: 1 2 {} true true 3'])
    },
  )

  test('a program may add members to shared objects, and they are removed after the run', async () => {
    const adding = serving(`
      console.log(Error.stackTraceLimit, typeof Array.prototype.second, typeof Array.runs, typeof {}.polluted)
      BigInt.prototype.toJSON = function () { return String(this) }
      Array.prototype.second = () => 2
      Array.runs = (Array.runs ?? 0) + 1
      Object.prototype.polluted = 1
      Error.stackTraceLimit = 77
      process.exit = () => {}
      globalThis.fetch = () => 'own'
      console.log(JSON.stringify([1n]), [].second(), Array.runs, globalThis.fetch())`)
    const [one, same] = [await ran(adding), await ran(adding)]
    expect(one.lines).toEqual(['n1: 10 undefined undefined undefined', 'n1: ["1"] 2 1 own'])
    expect(same.lines).toEqual(one.lines)
  })
})

test('each program extends its own Reflect object, as reflect-metadata does', async () => {
  const adding = serving(`
    const registry = Symbol.for('@reflect-metadata:registry')
    console.log(registry in Reflect, Reflect === globalThis.Reflect, String(Reflect), Reflect.has({ a: 1 }, 'a'))
    Object.defineProperty(globalThis.Reflect, registry, { value: new Map() })
    Reflect.defineMetadata = () => {}
    console.log(registry in Reflect, Object.keys(Reflect))`)
  const [one, same] = [await ran(adding, { nodes: 2 }), await ran(adding, { nodes: 2 })]
  const lines = ['false true [object Reflect] true', "true [ 'defineMetadata' ]"]
  expect(one.lines).toEqual(['n1', 'n2'].flatMap((node) => lines.map((line) => `${node}: ${line}`)))
  expect(same.lines).toEqual(one.lines)
  expect(Reflect.get(Reflect, 'defineMetadata')).toBeUndefined()
})

test("members that a program adds to Node's classes and modules are absent in the next run", async () => {
  const adding = serving(`
    const { default: http } = await import('node:http')
    const { default: util } = await import('node:util')
    const { default: stream } = await import('node:stream')
    const { EventEmitter } = await import('node:events')
    const holders = { response: http.ServerResponse.prototype, agent: http.Agent, emitter: EventEmitter.prototype, util, stream }
    for (const [name, holder] of Object.entries(holders)) {
      console.log(name, holder.left)
      holder.left = 1
    }
    console.log(EventEmitter.defaultMaxListeners, stream.getDefaultHighWaterMark(true), process.env.LEFT, globalThis.left)
    EventEmitter.defaultMaxListeners = 5
    stream.setDefaultHighWaterMark(true, 7)
    process.env.LEFT = globalThis.left = 'x'`)
  const [one, same] = [await ran(adding), await ran(adding)]
  expect(one.lines.at(-1)).toBe('n1: 10 16 undefined undefined')
  expect(one.lines.slice(0, -1).every((line) => line.endsWith(' undefined'))).toBe(true)
  expect(same.lines).toEqual(one.lines)
})

describe('a program with an endless loop', () => {
  const WAYS: readonly (readonly [where: string, program: string])[] = [
    ['as it starts', 'for (;;);'],
    ['after an await', 'await 1; for (;;) try { for (;;); } catch {}'],
    ['in a tick', 'process.nextTick(() => { for (;;); }); process.nextTick(() => console.log("later"))'],
    ['in a timer', 'setTimeout(() => { for (;;); }, 20)'],
    ['waiting for the clock', 'const until = Date.now() + 1e9; while (Date.now() < until);'],
  ]

  test.each(WAYS)(
    'a program with an endless loop is stopped %s, and does not disturb the next run',
    async (_, program) => {
      await expect(ran(serving(program), { longestMs: 200 })).rejects.toThrow(
        /n1 does not return to the event loop, and was stopped/,
      )
      await expect(ran(serving('console.log(await Promise.resolve(1))'), { longestMs: 10_000 })).resolves.toMatchObject(
        {
          lines: ['n1: 1'],
        },
      )
    },
  )
})

describe('a program resumed by an event of Node after its run', () => {
  /** V8 waits in real time here, and Node does not list this wait. */
  const AWAITED = 'await Atomics.waitAsync(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5).value'
  const WAYS: readonly (readonly [name: string, call: string])[] = [
    ['setTimeout', 'setTimeout(() => { globalThis.process.emit("reached") }, 1)'],
    ['fetch', "await fetch('http://127.0.0.1:1/')"],
    ['listen', 'const server = createServer(); server.listen(0)'],
    ['setImmediate', 'setImmediate(() => {})'],
  ]

  test('a program that continues after its run causes a warning, and one error when the next program is loaded', async () => {
    const warned = new Promise((resolve) => process.once('warning', resolve))
    await ran(serving(`${AWAITED}\nsetTimeout(() => {}, 1)`))
    await warned
    await expect(requireQuiet('server.ts')).rejects.toThrow(
      /server.ts cannot be simulated. A simulated program went on/,
    )
    await expect(requireQuiet('server.ts')).resolves.toBeUndefined()
  })

  test.each(WAYS)(
    'a program that continues after its run is stopped, and named in a warning, at a call of %s',
    async (name, call) => {
      const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
      await ran(serving(`${AWAITED}\n${call}`))
      expect((await warned).message).toContain(`went on after its run, and called ${name} in the real world`)
      await expect(ran(serving(''))).rejects.toThrow(/cannot be simulated. A simulated program went on after its run/)
      // Further programs are not affected by the first one.
      await expect(ran(serving('console.log(1)'))).resolves.toMatchObject({ lines: ['n1: 1'] })
    },
  )
})

test('a package reads its installed files at their real paths', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chaos-package-'))
  try {
    const own = join(folder, 'node_modules', 'versioned')
    mkdirSync(join(own, 'lib'), { recursive: true })
    // The program itself has a different package.json at the same relative path.
    writeFileSync(
      join(own, 'package.json'),
      JSON.stringify({ name: 'versioned', version: '7.8.9', main: 'lib/index.js' }),
    )
    writeFileSync(
      join(own, 'lib', 'index.js'),
      `#!/usr/bin/env node
      exports.version = () => JSON.parse(require('fs').readFileSync(require('path').join(__dirname, '..', 'package.json'), 'utf8')).version`,
    )
    writeFileSync(
      join(own, 'lib', 'place.mjs'),
      `import { dirname } from 'node:path'
      const { __dirname } = { __dirname: dirname(import.meta.filename ?? '') }
      export const place = typeof __dirname`,
    )
    mkdirSync(join(folder, 'src'))
    writeFileSync(join(folder, 'package.json'), '{}')
    writeFileSync(
      join(folder, 'src', 'server.ts'),
      `import { version } from 'versioned'
      import { place } from 'versioned/lib/place.mjs'
      import { createServer } from 'node:http'
      console.log('version', version(), place)
      createServer((_, response) => response.end('{}')).listen(process.env['PORT'])`,
    )
    const { routes } = written(serving(''))
    const service = await loadService({ program: join(folder, 'src', 'server.ts'), routes })
    const lines: string[] = []
    await outsidePromises(() => {
      const cluster = createServiceCluster(service, {
        ...{ nodes: 1, seed: 1, log: (_: number, __: string, text: string) => void lines.push(text) },
      })
      cluster.run(() => cluster.isReady(), { events: 100_000, durationMs: millis(5_000) })
      cluster.close?.()
    })
    expect(lines).toContain('version 7.8.9 string')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

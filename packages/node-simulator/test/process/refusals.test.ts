import { describe, expect, test } from 'vitest'
import { ran, serving } from '../../../testing/src/simulated.ts'

describe('a program', () => {
  test('a program that serves gRPC is refused because of HTTP/2', async () => {
    const program = serving(`
      import { Server, ServerCredentials } from '@grpc/grpc-js'
      new Server().bindAsync('0.0.0.0:50051', ServerCredentials.createInsecure(), () => {})`)
    await expect(ran(program)).rejects.toThrow(
      /server\.ts cannot be simulated: on n1, http2\.createServer cannot be simulated: it speaks HTTP\/2, as gRPC does/,
    )
  })

  test('a program that calls gRPC is refused because of HTTP/2', async () => {
    const program = serving(`
      import net from 'node:net'
      import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js'
      net.createServer(() => {}).listen(50051)
      const [requestSerialize, responseDeserialize] = [() => Buffer.from(''), () => ({})]
      const get = { path: '/a/b', requestStream: false, responseStream: false, requestSerialize, responseDeserialize }
      const Client = makeGenericClientConstructor({ get }, 'a')
      new Client('n1:50051', credentials.createInsecure()).get('x', () => {})`)
    await expect(ran(program)).rejects.toThrow(/http2\.\w+ cannot be simulated: it speaks HTTP\/2, as gRPC does/)
  })

  test('a program that loads native code is refused', async () => {
    await expect(ran(serving(`import { DatabaseSync } from 'node:sqlite'; new DatabaseSync('')`))).rejects.toThrow(
      'node:sqlite cannot be simulated: it is native code, whose files and threads the simulator cannot see',
    )
    await expect(ran(serving(`require('./own.node')`), { beside: { 'own.node': '' } })).rejects.toThrow(
      "Cannot find module './own.node', which loads native code: its files and threads cannot be simulated",
    )
  })

  test('a program that imports a module of Node that is not implemented is refused', async () => {
    await expect(ran(serving(`await import('node:sea')`))).rejects.toThrow(
      'node:sea cannot be simulated: it is not implemented',
    )
  })
})

describe('a package that is not installed', () => {
  test.each([
    [
      'server.ts',
      `import { createServer } from 'node:http'\n\n// Above it.\nimport { x } from 'not-there'\nconsole.log(x)`,
      {},
      'server.ts:4:19',
    ],
    [
      'an own module',
      `import './lib/own.ts'`,
      { 'lib/own.ts': `export {}\nimport x from 'not-there'\nx()` },
      'lib/own.ts:2:15',
    ],
    [
      'a package',
      `import './modules/node_modules/its/index.js'`,
      {
        'modules/node_modules/its/index.js': `import x from 'not-there'\nx()`,
        'modules/node_modules/its/package.json': '{"type":"module"}',
      },
      'node_modules/its/index.js:1:15',
    ],
  ])(
    'a package that is not installed is reported with the line of %s that imports it',
    async (_, program, beside, place) => {
      await expect(ran(program, { beside })).rejects.toThrow(
        new RegExp(`cannot be loaded: .*${place} imports 'not-there', which is not installed`),
      )
    },
  )

  test('a missing package throws MODULE_NOT_FOUND in the program, which may catch the error', async () => {
    const { lines } = await ran(
      serving(`
      try { require('not-there') } catch (error) { console.log(error.code) }
      try { await import('not-there') } catch (error) { console.log(error.code) }
      import type { T } from 'not-there-either'`),
    )
    expect(lines).toEqual(['n1: MODULE_NOT_FOUND', 'n1: ERR_MODULE_NOT_FOUND'])
  })

  test('a missing package throws MODULE_NOT_FOUND if the program requires it by its path, as TypeORM does', async () => {
    const { lines } = await ran(
      serving(`
      try { require('/app/node_modules/' + 'not-there') } catch (error) { console.log(error.code) }
      console.log(require('node:module').globalPaths.length)`),
    )
    expect(lines).toEqual(['n1: MODULE_NOT_FOUND', 'n1: 0'])
  })
})

test('node names resolve to addresses, and have no DNS records of other types', async () => {
  const { lines } = await ran(
    serving(`
    import dns from 'node:dns'
    const resolver = new dns.Resolver()
    resolver.setServers(['127.0.0.1'])
    resolver.cancel()
    for (const host of ['n1', 'nobody']) {
      await new dns.promises.Resolver().resolveTxt(host).catch(({ code }) => console.log(host, code))
      dns.resolveTxt(host, ({ code }) => console.log(host, code))
      resolver.resolveTxt(host, ({ code }) => console.log(host, code))
    }`),
  )
  expect([...lines].sort()).toEqual([...Array(3).fill('n1: n1 ENODATA'), ...Array(3).fill('n1: nobody ENOTFOUND')])
  await expect(ran(serving(`new (require('dns').Resolver)().resolve4('n1', () => {})`))).rejects.toThrow(
    'dns.Resolver.resolve4 cannot be simulated: it asks servers outside of the simulation',
  )
})

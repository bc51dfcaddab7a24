import { expect, test } from 'vitest'
import type { Exit } from '../../src/command/command-process.ts'
import { superviseNode } from '../../src/command/supervised-node.ts'

/** As of Node 22's `Promise.withResolvers`. */
function withResolvers<T>() {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((resolvePromise) => {
    resolve = resolvePromise
  })
  return { promise, resolve }
}

test('a node that becomes ready while it is killed for being late was not ready in time', async () => {
  const ready = withResolvers<string>()
  const exited = withResolvers<Exit>()
  const died: string[] = []
  const node = superviseNode({
    ...{ id: 'n1', logPath: '/no/such.log', startupTimeoutMs: 1 },
    launch: async () => ({
      ready: ready.promise,
      process: {
        // No process has this number, so none listens.
        pid: 2 ** 22 + 1,
        command: { file: 'late', args: [] } as never,
        exited: exited.promise,
        async kill() {
          ready.resolve('ready after all')
          await ready.promise
          exited.resolve({ code: null, signal: 'SIGKILL' } as Exit)
        },
        pause: async () => {},
        resume() {},
        end: async () => {},
      },
    }),
    moved() {},
    died: (message) => void died.push(message),
  })
  await expect(node.start()).rejects.toThrow('n1 was not ready within 1 ms.')
  await exited.promise
  expect([died, node.life().alive]).toEqual([[], false])
})

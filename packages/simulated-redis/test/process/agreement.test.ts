import { once } from 'node:events'
import { connect } from 'node:net'
import { type RespValue, readResp, resp } from '@chaosproxy/wire'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { installed, type RealServer, startRedis, whySkipped } from '../../../testing/src/servers.ts'
import { commands } from '../../src/commands/registry.ts'
import { printReply } from '../../src/reply.ts'
import { NOT_FROM_SCRIPTS, WRITES } from '../../src/scripting/evaluate.ts'
import { execute } from '../../src/server/execute.ts'
import { wordsOf } from '../../src/server/server.ts'
import { createSession } from '../../src/session.ts'
import { Store } from '../../src/store.ts'
import { anyCommand } from '../commands.ts'
import { anyBareProgram, anyProgram } from '../programs.ts'

const program = installed('redis-server')

const framed = (words: readonly string[]): Buffer => resp.write([...words], 'requests')

/** Returns the replies of a real Redis, which is flushed first. */
async function real({ host, port }: RealServer, lines: readonly (readonly string[])[]): Promise<RespValue[]> {
  const socket = connect(port, host)
  await once(socket, 'connect')
  socket.write(Buffer.concat([['FLUSHALL'], ...lines].map(framed)))
  const scanner = resp.scanner('responses')
  const replies: RespValue[] = []
  let bytes: Buffer = Buffer.alloc(0)
  let scanned = 0
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    bytes = Buffer.concat([bytes, chunk])
    for (let end = scanner.scan(bytes, scanned); end > 0; end = scanner.scan(bytes, 0)) {
      replies.push(readResp(bytes.subarray(0, end)) ?? { kind: 'null' })
      bytes = bytes.subarray(end)
      scanned = 0
      if (bytes.length === 0) break
    }
    scanned = bytes.length
    if (replies.length > lines.length) break
  }
  socket.destroy()
  return replies.slice(1)
}

function simulated(lines: readonly (readonly string[])[]): RespValue[] {
  const store = new Store(() => 0)
  const session = createSession(1)
  return lines.map((line) => {
    execute(store, session, wordsOf(framed(line)) ?? [], Date.now())
    const text = session.outbox.map((reply) => printReply(reply, session.protocol)).join('')
    session.outbox = []
    return readResp(Buffer.from(text, 'latin1')) ?? { kind: 'null' }
  })
}

const UNORDERED = /^(KEYS|SMEMBERS|SUNION|SINTER|SDIFF|HGETALL|HKEYS|HVALS|EXEC)$/

/** Returns the reply without what may differ: the order of hash tables, and the time between commands. */
function comparable(reply: RespValue, [name = '', , , ...inner]: readonly string[]): unknown {
  // Apart from the script's name in errors, a script's reply equals the reply of the command that it calls.
  if (name.startsWith('EVAL')) return comparable(reply, inner)
  if (name === 'TTL' && reply.kind === 'number' && reply.value > 0) return Math.round(reply.value / 100)
  if (name === 'HELLO') return reply.kind
  if (name === 'XPENDING' && 'items' in reply) return reply.items.map(withoutIdle)
  if (name === 'XINFO') return withoutNodes(reply)
  if (!UNORDERED.test(name) || !('items' in reply)) return reply
  return name === 'EXEC' ? reply.items.map(sorted) : sorted(reply)
}

/** Returns a pending entry without its delivery time, which varies. */
const withoutIdle = (reply: RespValue): unknown =>
  'items' in reply && reply.items.length === 4 ? [reply.items[0], reply.items[1], reply.items[3]] : reply

/** Returns a reply about a stream without the internal state of the stream. */
function withoutNodes(reply: RespValue): unknown {
  if (!('items' in reply)) return reply
  const at = reply.items.findIndex((item) => JSON.stringify(item).includes('radix-tree-keys'))
  return at < 0 ? reply : reply.items.toSpliced(at, 4)
}

function sorted(reply: RespValue): unknown {
  if (reply.kind === 'number' && reply.value > 100) return Math.round(reply.value / 100)
  return 'items' in reply
    ? { kind: reply.kind, items: reply.items.map((item) => JSON.stringify(sorted(item))).sort() }
    : reply
}

/** In C, NaN has a sign, and a real Redis prints it. */
const shown = (reply: RespValue | undefined): string =>
  JSON.stringify(reply)
    .replaceAll('-nan', 'nan')
    .replace(/(Error compiling script.*?user_script:\d+):.*/, '$1')

describe.skipIf(program === undefined)(
  `a real redis-server${program === undefined ? `: ${whySkipped('redis-server')}` : ''}`,
  () => {
    test.each(['2', '3'])('replies to random commands in RESP%s equal the simulated replies', async (protocol) => {
      const server = await startRedis(program ?? '')
      const many = fc.array(anyCommand, { minLength: 100, maxLength: 100 })
      await fc.assert(
        fc.asyncProperty(many, async (commands) => {
          const lines = [['HELLO', protocol], ...commands]
          const [theirs, ours] = [await real(server, lines), simulated(lines)]
          const told = (replies: RespValue[]) =>
            lines.map((line, i) => [line, comparable(replies[i] ?? { kind: 'null' }, line)])
          expect(told(ours)).toEqual(told(theirs))
        }),
        { numRuns: Number(process.env['REDIS_RUNS'] ?? 40) },
      )
    })

    test('redis-server forbids scripts and read-only scripts the same commands as the simulation', async () => {
      const server = await startRedis(program ?? '')
      const names = [...commands.keys()]
      const [reply] = await real(server, [['COMMAND', 'INFO', ...names]])
      const infos = reply !== undefined && 'items' in reply ? reply.items : []
      const flagged = (flag: string): readonly string[] =>
        names.filter((_, i) => {
          const info = infos[i]
          return info !== undefined && 'items' in info && JSON.stringify(info.items[2]).includes(`"${flag}"`)
        })
      // A container command has no flags of its own; its subcommands have them.
      expect(names.filter((name) => NOT_FROM_SCRIPTS.has(name) && !/^(CLIENT|SCRIPT)$/.test(name))).toEqual(
        flagged('noscript'),
      )
      expect(names.filter((name) => WRITES.has(name) && name !== 'XGROUP')).toEqual(flagged('write'))
    })

    test('random Lua programs have the same results and errors as in the simulation', async () => {
      const server = await startRedis(program ?? '')
      const many = fc.array(fc.oneof({ weight: 3, arbitrary: anyProgram }, anyBareProgram), {
        minLength: 50,
        maxLength: 50,
      })
      await fc.assert(
        fc.asyncProperty(many, async (programs) => {
          const lines = programs.map((text) => ['EVAL', Buffer.from(text).toString(), '0'])
          const [theirs, ours] = [await real(server, lines), simulated(lines)]
          expect(lines.map((line, i) => [line[1], shown(ours[i])])).toEqual(
            lines.map((line, i) => [line[1], shown(theirs[i])]),
          )
        }),
        { numRuns: Number(process.env['REDIS_RUNS'] ?? 10) },
      )
    })
  },
)

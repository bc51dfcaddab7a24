import { type CheckOptions, check } from '@chaosproxy/checker'
import { type History, HistoryBuilder, type Json, millis } from '@chaosproxy/history'
import { parseJsonLine } from '../../../history/src/codecs/jsonl.ts'
import { createRecorder } from '../../../recorder/src/record/recorder.ts'
import { type CommandSet, type CommandSetOptions, commandSet } from '../../../recorder/src/redis/command-set.ts'
import { recordResp } from '../../../recorder/src/redis/resp-recorder.ts'
import type { RealServer } from '../../../testing/src/servers.ts'
import { cleanUp, dial, network } from '../../../testing/src/sockets.ts'
import { FrameReader } from '../../../wire/src/framing/frame-reader.ts'
import { resp, respToJson } from '../../../wire/src/resp/resp.ts'
import { readResp } from '../../../wire/src/resp/resp-value.ts'
import { recordConversations } from '../../src/interceptor/recorded-conversations.ts'
import { startRunClock } from '../../src/record-file/run-clock.ts'
import { command } from '../redis.ts'

/** One connection of a client. */
export interface RedisClient {
  /**
   * Sends one command, whose words are separated by blanks, and returns the reply: bytes as text, an error as
   * `{error}`.
   */
  readonly ask: (text: string) => Promise<Json>
  readonly send: (...words: readonly string[]) => Promise<Json>
  /** Several at once. */
  readonly pipeline: (...texts: readonly string[]) => Promise<readonly Json[]>
  readonly close: () => void
}

/** Opens a recording proxy for each server. All proxies write to one record. */
export async function recordRedis(servers: readonly RealServer[], options: CommandSetOptions | CommandSet = {}) {
  const lines: string[] = []
  const recorder = createRecorder({ now: startRunClock(), client: { write: (line) => void lines.push(line) } })
  const commands = 'readers' in options ? options : commandSet(options)
  const made = network()
  const routes = await Promise.all(
    servers.map((upstream, i) => {
      const node = `n${i + 1}`
      return made.route({
        from: 'clients',
        to: node,
        upstream,
        intercept: recordConversations(recordResp({ recorder, node, commands }), recorder),
      })
    }),
  )
  const history = (): History => {
    const builder = new HistoryBuilder({ source: 'recorded.jsonl' })
    builder.header({ chaos: 1, model: commands.model, initial: 'unknown', sessions: recorder.sessions })
    for (const text of lines) {
      const line = parseJsonLine(text)
      if (line.kind === 'event') builder.event(line.event)
    }
    return builder.build()
  }
  return {
    recorder,
    history,
    connect: (node = 0): Promise<RedisClient> => connectTo(routes[node] ?? { host: '', port: 0 }),
    judge: (levels: CheckOptions['levels'] = ['linearizable']) =>
      check(history(), {
        model: commands.model as CheckOptions['model'],
        initial: 'unknown',
        levels,
        failedCas: 'drop',
        deadlineMs: millis(20_000),
        memoryBytes: 512 * 1024 * 1024,
        now: () => millis(performance.now()),
      }),
  }
}

export async function connectTo(to: { readonly host: string; readonly port: number }): Promise<RedisClient> {
  const socket = await dial(to)
  const waiting: ((answer: Json) => void)[] = []
  const reader = new FrameReader({ scanner: resp.scanner('responses'), maxFrameBytes: 1 << 24 })
  socket.on('error', () => undefined)
  socket.on('data', (bytes: Buffer) => {
    reader.read(bytes, {
      frame(frame) {
        const value = readResp(frame)
        if (value !== undefined && value.kind !== 'push') waiting.shift()?.(respToJson(value))
      },
      loose: () => socket.destroy(),
    })
  })
  cleanUp(() => void socket.destroy())
  const answer = () => new Promise<Json>((resolve) => waiting.push(resolve))
  const send = (...words: readonly string[]): Promise<Json> => {
    const answered = answer()
    socket.write(command(...words))
    return answered
  }
  return {
    send,
    ask: (text) => send(...text.split(' ')),
    pipeline(...texts) {
      const answers = texts.map(answer)
      socket.write(texts.map((text) => command(...text.split(' '))).join(''))
      return Promise.all(answers)
    },
    close: () => void socket.end(),
  }
}

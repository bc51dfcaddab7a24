import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRecordFile, recordConversations, startRunClock } from '@chaosproxy/proxy'
import { createRecorder, type Recorder } from '@chaosproxy/recorder'
import { redis } from '@chaosproxy/recorder/redis'
import { startHelper } from './children.ts'
import { compareVariants, type Variant } from './compare-variants.ts'
import type { RespLoadRequest } from './resp-load.ts'

export const name = 'resp: recorded, and passed on'

interface RespVariant extends Variant {
  readonly recorded: boolean
}

const recordedServer = async (recorder: Recorder, node: string) =>
  recordConversations(await redis.parse({}, 'resp').record({ recorder, node }), recorder)

const variants: readonly RespVariant[] = [
  { title: 'passed', recorded: false },
  { title: 'recorded', recorded: true },
  { title: 'recorded in two views', recorded: true, views: 2 },
]

/** The server and the clients run in a process each, and the proxy runs in this process. */
export async function run(print: (line: string) => void): Promise<void> {
  const server = startHelper('./resp-load.js')
  const client = startHelper('./resp-load.js')
  const directory = mkdtempSync(join(tmpdir(), 'chaos-bench-'))
  try {
    const { port } = await server.ask<{ port: number }>({ do: 'serve' })
    for (const pipeline of [1, 16]) {
      print(pipeline === 1 ? 'one command at a time, 64 connections' : `${pipeline} commands at a time, 64 connections`)
      const load = (port: number, durationMs: number) =>
        client.ask<{ perSecond: number }>({
          do: 'load',
          port,
          durationMs,
          connections: 64,
          pipeline,
        } satisfies RespLoadRequest)
      await compareVariants({
        variants,
        unit: 'commands',
        port,
        openRecord: (file) => openRecordFile(join(directory, `${pipeline}-${file}`)),
        intercept: ({ recorded }, node, [history, backend]) =>
          recorded && history !== undefined
            ? recordedServer(createRecorder({ now: startRunClock(), client: history, backend }), node)
            : undefined,
        load,
        print,
      })
    }
  } finally {
    server.stop()
    client.stop()
    rmSync(directory, { recursive: true })
  }
}

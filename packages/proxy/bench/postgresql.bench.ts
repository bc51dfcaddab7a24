import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRecordFile, recordConversations, startRunClock } from '@chaosproxy/proxy'
import { createRecorder, type Recorder } from '@chaosproxy/recorder'
import { findRecordedProtocol } from '@chaosproxy/recorder/protocols'
import { compareVariants, type Variant } from './compare-variants.ts'
import { type PgbenchScript, startPostgresql } from './postgresql-server.ts'

export const name = 'postgresql: whole transactions recorded, and passed on'

interface PostgresqlVariant extends Variant {
  readonly recorded: boolean
}

const variants: readonly PostgresqlVariant[] = [
  { title: 'passed', recorded: false },
  { title: 'recorded in two views', recorded: true, views: 2, goal: 0.7 },
]

const tables = {
  pgbench_accounts: { key: 'aid', values: ['abalance'] },
  pgbench_tellers: { key: 'tid', values: ['tbalance'] },
  pgbench_branches: { key: 'bid', values: ['bbalance'] },
}

async function recordedServer(recorder: Recorder, node: string) {
  const postgresql = findRecordedProtocol('postgresql')
  const spoken = postgresql?.parse({ tables, transactions: 'whole' }, 'bench')
  if (spoken === undefined) throw new Error('the protocol postgresql is in the registry')
  return recordConversations(await spoken.record({ recorder, node }), recorder)
}

const scripts: readonly PgbenchScript[] = ['select-only', 'simple-update', 'tpcb-like']
const ROUND_MS = 1000

/** The server and pgbench run in processes of their own, and the proxy runs in this process. */
export async function run(print: (line: string) => void): Promise<void> {
  const server = await startPostgresql()
  if ('why' in server) return print(server.why)
  const directory = mkdtempSync(join(tmpdir(), 'chaos-bench-'))
  try {
    for (const script of scripts) {
      print(`pgbench ${script}, 16 connections`)
      await compareVariants({
        ...{ variants, unit: 'transactions', port: server.port, roundMs: ROUND_MS, print },
        openRecord: (file) => openRecordFile(join(directory, `${script}-${file}`)),
        intercept: ({ recorded }, node, [history, backend]) =>
          recorded && history !== undefined
            ? recordedServer(createRecorder({ now: startRunClock(), client: history, backend }), node)
            : undefined,
        load: (port, durationMs) => server.load(port, script, durationMs),
      })
    }
  } finally {
    await server.stop()
    rmSync(directory, { recursive: true })
  }
}

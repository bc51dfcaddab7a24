import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { REJOIN } from '../../../src/postgres/scripts.ts'

const SEGMENT = '0000000000000001'

/** Creates directories of nodes, each with a process in place of the node's server. */
function nodesWith(files: { readonly [node: string]: readonly string[] }) {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-rejoin-'))
  const servers: { [node: string]: ChildProcess } = {}
  onTestFinished(() => {
    for (const server of Object.values(servers)) server.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  })
  for (const [node, paths] of Object.entries(files)) {
    const server = spawn('sleep', ['600'])
    servers[node] = server
    for (const path of ['db/postmaster.pid', ...paths]) {
      mkdirSync(dirname(join(directory, node, path)), { recursive: true })
      writeFileSync(join(directory, node, path), `${server.pid}\n`)
    }
  }
  const run = (script: string, node: string) =>
    promisify(execFile)('/bin/sh', ['-c', script, 'postgres', join(directory, node)], { timeout: 60_000 })
  return { directory, servers, run }
}

test('the rejoin script of PostgreSQL restarts a replaced primary, and leaves the new primary running', async () => {
  const { directory, servers, run } = nodesWith({
    n1: ['db/standby.signal', `db/pg_wal/00000003${SEGMENT}`],
    n2: ['rejoin', 'db/pg_wal/00000002.history', `db/pg_wal/00000002${SEGMENT}`],
    n3: ['db/pg_wal/00000003.history', `db/pg_wal/00000003${SEGMENT}`],
  })
  const replaced = once(servers['n2'] as ChildProcess, 'exit')
  await run(REJOIN, 'n2')
  expect((await replaced)[1]).toBe('SIGQUIT')
  expect([servers['n1']?.exitCode, servers['n3']?.exitCode, servers['n3']?.signalCode]).toEqual([null, null, null])
  expect(existsSync(join(directory, 'n3', 'rejoin'))).toBe(false)
})

test('the rejoin script of PostgreSQL restarts a standby that does not follow the primary', async () => {
  const { directory, servers, run } = nodesWith({
    n1: ['db/standby.signal', `db/pg_wal/00000001${SEGMENT}`],
    n2: ['db/pg_wal/00000002.history', `db/pg_wal/00000002${SEGMENT}`],
  })
  const restarted = once(servers['n1'] as ChildProcess, 'exit')
  await run(REJOIN, 'n2')
  expect((await restarted)[1]).toBe('SIGQUIT')
  expect(existsSync(join(directory, 'n1', 'rejoin'))).toBe(true)
})

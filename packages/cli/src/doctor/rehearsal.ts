import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { millis, UserError } from '@chaosproxy/history'
import { printableLines } from '@chaosproxy/report'
import { type RequestedOperations, requestedOperations, type StartedCluster, type Target } from '@chaosproxy/runner'
import { register, type Settings, settingsFor } from '@chaosproxy/workloads'
import { printNotice } from '../terminal/output.ts'
import { withDatabaseHint } from './database-hint.ts'
import type { Finding } from './findings.ts'

/** The time limit for a cluster that is started only to rehearse. */
const LONGEST_MS = millis(60_000)

/** Requests no operations, because starting the target already shows whether its programs respond. */
const NOTHING_ASKED: RequestedOperations = { functions: [], reads: [], initial: null }

const OF_REGISTER = requestedOperations(register, { ...settingsFor(register), cas: 0 })

/**
 * Whether a rehearsal writes and reads a value. A service without the operations of a register, such as a counter or a
 * queue, is only started.
 */
export function writesFirst(target: Target, settings: Settings): boolean {
  const functions = target.functions(settings)
  return OF_REGISTER.functions.every((f) => functions.includes(f))
}

/**
 * Starts a service, writes one value and reads it back. Undefined if nothing could be tried.
 *
 * @throws UserError for a service that does not start, or does not match its declaration
 */
export async function rehearse(
  target: Target,
  settings: Settings,
  signal?: AbortSignal,
): Promise<NonNullable<StartedCluster['rehearsal']> | undefined> {
  const requests = writesFirst(target, settings) ? OF_REGISTER : NOTHING_ASKED
  const directory = mkdtempSync(join(tmpdir(), 'chaos-doctor-'))
  try {
    const cluster = await target.start({
      nodes: target.defaultNodes,
      settings,
      bug: undefined,
      object: register.object,
      operations: requests,
      seed: 0,
      dataDir: join(directory, 'data'),
      logDir: join(directory, 'nodes'),
      longestMs: LONGEST_MS,
      rate: 1,
      rehearses: true,
      waits: (text) => printNotice(`  ${printableLines(text)}\n`),
      signal,
    })
    await new Promise<void>((stopped) => cluster.stop(stopped))
    return cluster.rehearsal
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** The message without the log's path, because the log is removed. */
export const withoutLog = ({ message }: UserError): string => withDatabaseHint(message.replace(/\nIts log is .*/, ''))

/** Starts a service, and shows one write and one read as sent on the wire. */
export async function rehearsalFindings(target: Target, settings: Settings): Promise<readonly Finding[]> {
  try {
    return exchangeFindings(await rehearse(target, settings))
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return [{ what: 'rehearsal', ok: false, detail: withoutLog(error) }]
  }
}

const exchangeFindings = (
  { exchanges, remark }: NonNullable<StartedCluster['rehearsal']> = { exchanges: [] },
): readonly Finding[] =>
  // If no request was answered, the rehearsal has failed, and the remark gives the reason.
  [...exchanges, ...(remark === undefined ? [] : [remark])].map((detail) => ({
    ...{ what: 'rehearsal', ok: exchanges.length > 0, detail },
  }))

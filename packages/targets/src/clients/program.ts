import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { addressText, type Completion, type Input, inputError, isObject, UserError } from '@chaosproxy/history'
import type { Client } from '@chaosproxy/runner'
import { allFunctions, answerText } from '@chaosproxy/workloads'
import * as v from 'valibot'
import { lastWordsText } from '../command/log-tail.ts'
import { type CommandText, commandSchema, wordsOf } from '../command/words.ts'
import { commandText, type ProgramCommand } from '../processes/command.ts'
import { type ClientKind, functions } from './client-kind.ts'
import type { NodeAddress, OpenClientsOptions, OpenedClients, PlannedClients } from './planned-clients.ts'
import { createProgramProcesses, type ProgramProcess } from './program-processes.ts'
import { createUserRequests } from './user-requests.ts'

/** A program in any language. It reads a line of JSON for each operation, and writes a line for each answer. */
export interface ProgramDeclaration {
  readonly kind: 'program'
  readonly command: CommandText
  readonly environment?: { readonly [name: string]: string } | undefined
  readonly functions?: readonly string[] | undefined
}

/**
 * Clients as external processes. Each handles one operation at a time, so there are as many processes as concurrent
 * operations.
 */
export const program: ClientKind<ProgramDeclaration> = {
  kind: 'program',
  entries: {
    command: v.pipe(commandSchema, v.description('the program and its arguments; no shell is involved')),
    environment: v.optional(
      v.pipe(
        v.record(v.string(), v.string('must be a string'), 'must be an object of strings'),
        v.description('additional environment variables'),
      ),
    ),
    functions,
  },
  plan: planProgram,
}

/** Extra time for the first answer: a virtual machine may have to start first. */
const STARTING_MS = 10_000
/** A process whose answer is overdue by this much is killed. */
const OWING_MS = 10_000
const END_GRACE_MS = 500
/** After this many consecutive exits without an answer, the program is considered broken. */
const MOST_ENDS = 5

function planProgram(
  { command, environment, functions }: ProgramDeclaration,
  where: string,
  directory: string,
): PlannedClients {
  const started: ProgramCommand = { words: wordsOf(command, `${where}: client.command`), environment, directory }
  return {
    functions: functions ?? allFunctions,
    sessions: undefined,
    carries: () => undefined,
    open: async (options) => openPrograms(started, options),
  }
}

function openPrograms(command: ProgramCommand, { logDir, keeper, broke }: OpenClientsOptions): OpenedClients {
  const named = commandText(command)
  mkdirSync(logDir, { recursive: true })
  const logPath = join(logDir, 'client.log')
  const requests = createUserRequests(named, broke)
  if (keeper === undefined) throw new Error('client programs need a keeper process, which ends them if chaos dies')
  const processes = createProgramProcesses({ command, logPath, keeper, heard: read, ended })
  let ends = 0
  let hasAnswered = false

  const wrong = (what: string) => requests.breakDown(inputError(`${named} ${what}`))

  function ended({ owes, late }: ProgramProcess, how: string): void {
    // The process was killed on purpose.
    if (late !== undefined || requests.isClosed()) return
    const why = `ended by itself (${how})${lastWordsText(logPath)}`
    if (owes !== undefined) requests.lose(owes, `the client ${why}`)
    ends++
    if (!hasAnswered || ends === MOST_ENDS)
      wrong(`${why}. Its standard error is in ${logPath}. It must answer until its standard input ends.`)
  }

  function read(process: ProgramProcess, text: string): void {
    if (requests.isClosed() || text.trim() === '') return
    const line = answerTo(process.owes, text, requests.count())
    if (typeof line === 'string') wrong(`${line}. ${FORM}`)
    else answered(process, line, text)
  }

  function answered(process: ProgramProcess, line: AnswerLine, text: string): void {
    processes.release(process)
    ends = 0
    hasAnswered = true
    const why = settledBy(line)
    if (why !== undefined) wrong(`is wrong: ${why}. Its line was ${answerText(text)}`)
  }

  /** Settles the request if it is still pending. Returns the problem with the answer, if any. */
  function settledBy(line: AnswerLine): string | undefined {
    if ('value' in line) return requests.answered(line.id, line.value)
    if ('failure' in line) requests.settle(line.id, line.failure)
    else requests.failed(line.id, line.error)
    return undefined
  }

  async function ask(id: number, address: NodeAddress, input: Input): Promise<void> {
    const process = await processes.take()
    // The caller stopped waiting before the process had started.
    if (!requests.isPending(id)) processes.release(process)
    else processes.ask(process, id, JSON.stringify({ id, node: address.node, address: addressText(address), input }))
  }

  function timedOut(id: number, timeoutMs: number): void {
    if (!hasAnswered) wrong(`has not answered within ${timeoutMs + STARTING_MS} ms. ${FORM} Does it flush its output?`)
    if (requests.isClosed()) return
    processes.killUnlessAnswered(id, OWING_MS)
    requests.failed(id, `timeout after ${timeoutMs} ms`)
  }

  return {
    connect: (address): Client => ({
      invoke(request, timeoutMs, completed) {
        const afterMs = timeoutMs + (hasAnswered ? 0 : STARTING_MS)
        const id = requests.add(request, completed, { afterMs, late: (late) => timedOut(late, timeoutMs) })
        if (id === undefined) return
        ask(id, address, request.input).catch((error: unknown) => {
          if (!(error instanceof UserError)) throw error
          requests.breakDown(error)
        })
      },
      close() {},
    }),
    async close() {
      requests.close('client closed')
      await processes.end(END_GRACE_MS)
    },
  }
}

const FORM =
  'It must write one line for each line that it reads: {"id": 7, "type": "ok", "value": …}, or "fail" (certainly not done) or "info" with "error".'

type AnswerLine = { readonly id: number } & (
  | { readonly value: unknown }
  | { readonly failure: Completion }
  | { readonly error: string }
)

function answerTo(owed: number | undefined, text: string, nextId: number): AnswerLine | string {
  const line = parseLine(text)
  if (typeof line === 'string') return `wrote ${answerText(text)} on its standard output: ${line}`
  if (line.id === owed) return line
  return line.id < nextId ? `answered ${line.id} twice` : `answered ${line.id}, which was never requested`
}

function parseLine(text: string): AnswerLine | string {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return 'this is not JSON; log to standard error'
  }
  if (!isObject(json)) return 'this is not a JSON object'
  const { id, type, value, error, answered } = json
  if (typeof id !== 'number') return 'the "id" of the request is missing or not a number'
  if (type === 'ok') return { id, value }
  const why = typeof error === 'string' ? error : answerText(error)
  if (type === 'fail') return { id, failure: { type, error: why, ...(answered === true ? { answered } : {}) } }
  if (type === 'info') return { id, error: why }
  return `its "type" is ${answerText(type)}, not ok, fail or info`
}

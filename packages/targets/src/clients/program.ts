import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Completion, inputError, isObject, UserError } from '@chaosproxy/history'
import type { Client, Request } from '@chaosproxy/runner'
import { allFunctions, judgeAnswer, shownAnswer } from '@chaosproxy/workloads'
import * as v from 'valibot'
import { lastWordsText } from '../command/log-tail.ts'
import { addressText } from '../command/placeholders.ts'
import { type CommandText, commandSchema, wordsOf } from '../command/words.ts'
import { commandText, type ProgramCommand } from '../processes/command.ts'
import { type ClientKind, functions } from './client-kind.ts'
import { createFirstAnswers, type FirstAnswers } from './first-answers.ts'
import { createPendingRequests, type PendingRequests } from './pending-requests.ts'
import type { NodeAddress, OpenClientsOptions, OpenedClients, PlannedClients } from './planned-clients.ts'
import { createProgramProcesses, type ProgramProcess } from './program-processes.ts'

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
  const pending = createPendingRequests()
  const firsts: FirstAnswers = createFirstAnswers(named, breakDown)
  if (keeper === undefined) throw new Error('programs of clients have a keeper')
  const processes = createProgramProcesses({ command, logPath, keeper, heard: read, ended })
  let ends = 0
  let hasAnswered = false

  function breakDown(error: UserError): void {
    if (pending.isClosed()) return
    pending.close(error.message)
    broke(error)
  }
  const wrong = (what: string): void => breakDown(inputError(`${named} ${what}`))

  function ended({ owes, late }: ProgramProcess, how: string): void {
    // The process was killed on purpose.
    if (late !== undefined || pending.isClosed()) return
    const why = `ended by itself (${how})${lastWordsText(logPath)}`
    if (owes !== undefined) pending.lose(owes, `the client ${why}`)
    ends++
    if (!hasAnswered || ends === MOST_ENDS)
      wrong(`${why}. Its standard error is in ${logPath}. It must answer until its standard input ends.`)
  }

  function read(process: ProgramProcess, text: string): void {
    if (pending.isClosed() || text.trim() === '') return
    const line = answerTo(process.owes, text, pending.count())
    if (typeof line === 'string') wrong(`${line}. ${FORM}`)
    else answered(process, line, text)
  }

  function answered(process: ProgramProcess, line: AnswerLine, text: string): void {
    processes.release(process)
    ends = 0
    hasAnswered = true
    const why = settleBy(line, pending, firsts)
    if (why !== undefined) wrong(`is wrong: ${why}. Its line was ${shownAnswer(text)}`)
  }

  async function ask(id: number, address: NodeAddress, input: Request['input']): Promise<void> {
    const process = await processes.take()
    // The caller stopped waiting before the process had started.
    if (pending.find(id) === undefined) processes.release(process)
    else processes.ask(process, id, askedLine(id, address, input))
  }

  function timedOut(id: number, request: Request, timeoutMs: number): void {
    if (!hasAnswered) wrong(`has not answered within ${timeoutMs + STARTING_MS} ms. ${FORM} Does it flush its output?`)
    if (pending.isClosed()) return
    processes.killUnlessAnswered(id, OWING_MS)
    firsts.failed(request, `timeout after ${timeoutMs} ms`)
    pending.lose(id, `timeout after ${timeoutMs} ms`)
  }

  return {
    connect: (address): Client => ({
      invoke(request, timeoutMs, completed) {
        const afterMs = timeoutMs + (hasAnswered ? 0 : STARTING_MS)
        const id = pending.add(request, completed, { afterMs, late: (late) => timedOut(late, request, timeoutMs) })
        if (id === undefined) return
        ask(id, address, request.input).catch((error: unknown) => {
          if (!(error instanceof UserError)) throw error
          breakDown(error)
        })
      },
      close() {},
    }),
    async close() {
      pending.close('client closed')
      await processes.end(END_GRACE_MS)
    },
  }
}

/** Returns one line for the program's standard input. */
const askedLine = (id: number, address: NodeAddress, input: Request['input']): string =>
  JSON.stringify({ id, node: address.node, address: addressText(address), input })

const FORM =
  'It must write one line for each line that it reads: {"id": 7, "type": "ok", "value": …}, or "fail" (certainly not done) or "info" with "error".'

type AnswerLine =
  | { readonly id: number; readonly type: 'ok'; readonly value: unknown }
  | { readonly id: number; readonly type: 'fail'; readonly error: string; readonly answered: boolean }
  | { readonly id: number; readonly type: 'info'; readonly error: string }

/** Settles the request if it is still pending. Returns the problem with the answer, if any. */
function settleBy(line: AnswerLine, pending: PendingRequests, firsts: FirstAnswers): string | undefined {
  const request = pending.find(line.id)
  if (request === undefined) return undefined
  if (line.type !== 'ok') {
    if (line.type === 'info') firsts.failed(request, line.error)
    if (line.type === 'info') pending.lose(line.id, line.error)
    else pending.settle(line.id, failed(line))
    return undefined
  }
  const judged = judgeAnswer(request.input, line.value)
  if (judged.type === 'broken') return judged.why
  firsts.answered()
  pending.settle(line.id, judged)
  return undefined
}

const failed = ({ error, answered }: Extract<AnswerLine, { readonly type: 'fail' }>): Completion =>
  answered ? { type: 'fail', error, answered } : { type: 'fail', error }

function answerTo(owed: number | undefined, text: string, asked: number): AnswerLine | string {
  const line = parseLine(text)
  if (typeof line === 'string') return `wrote ${shownAnswer(text)} on its standard output: ${line}`
  if (line.id === owed) return line
  return line.id < asked ? `answered ${line.id} twice` : `answered ${line.id}, which was never requested`
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
  if (typeof id !== 'number') return 'it has no "id" of a request'
  if (type === 'ok') return { id, type, value }
  const why = typeof error === 'string' ? error : shownAnswer(error)
  if (type === 'fail') return { id, type, error: why, answered: answered === true }
  if (type === 'info') return { id, type, error: why }
  return `its "type" is ${shownAnswer(type)}, not ok, fail or info`
}

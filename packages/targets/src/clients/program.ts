import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Completion } from '@chaosproxy/history'
import { UserError } from '@chaosproxy/history'
import type { Client, Request } from '@chaosproxy/runner'
import { type Command, commandText } from '../command/command.ts'
import { type CommandProcess, startCommand } from '../command/command-process.ts'
import { lastWords } from '../command/log-tail.ts'
import { judgeAnswer, shown } from './answers.ts'
import type { ProgramDeclaration } from './declaration.ts'
import { createFirstAnswers, type FirstAnswers } from './first-answers.ts'
import { allFunctions } from './functions.ts'
import type { NodeAddress, OpenClientsOptions, OpenedClients, PlannedClients } from './planned-clients.ts'

/** Extra time for the first answer: a virtual machine may have to start first. */
const STARTING_MS = 10_000
/** A process whose answer is overdue by this much is killed. */
const OWING_MS = 10_000
const END_GRACE_MS = 500
/** After this many exits in a row without an answer in between, the program is taken to be broken. */
const MOST_ENDS = 5

/**
 * Clients as external processes. Each process handles one operation at a time, so there are as many as there are
 * concurrent operations.
 */
export function planProgram(
  { command, environment, functions }: ProgramDeclaration,
  directory: string,
): PlannedClients {
  const started: Command = { words: command, environment, directory }
  return {
    functions: functions ?? allFunctions,
    sessions: undefined,
    carries: () => undefined,
    open: async (options) => openPrograms(started, options),
  }
}

/** One line on the program's standard input. `address` is the node's address as `host:port`. */
interface AskedLine {
  readonly id: number
  readonly node: string
  readonly address: string
  readonly input: Request['input']
}

/** One process of the program. */
interface Worker {
  readonly process: CommandProcess
  /** The id of the operation it has yet to answer. */
  owes: number | undefined
  /** Set once the caller has stopped waiting; kills the process if no answer follows. */
  late: NodeJS.Timeout | undefined
}

interface Pending {
  readonly request: Request
  timer: NodeJS.Timeout | undefined
  readonly completed: (completion: Completion) => void
}

function openPrograms(command: Command, { logDir, keeper, broke }: OpenClientsOptions): OpenedClients {
  const named = commandText(command)
  mkdirSync(logDir, { recursive: true })
  const logPath = join(logDir, 'client.log')
  const idle: Worker[] = []
  const workers = new Set<Worker>()
  const starting = new Set<Promise<unknown>>()
  const pending = new Map<number, Pending>()
  let asked = 0
  let ends = 0
  let hasAnswered = false
  let over = false
  const firsts: FirstAnswers = createFirstAnswers(named, breakDown)

  function breakDown(error: UserError): void {
    if (over) return
    over = true
    for (const id of [...pending.keys()]) settle(id, ({ harmless }) => lost(harmless, error.message))
    broke(error)
  }
  const wrong = (what: string): void => breakDown(new UserError('input', `${named} ${what}`))

  function settle(id: number, completionFor: (request: Request) => Completion): void {
    const waiting = pending.get(id)
    if (waiting === undefined) return
    pending.delete(id)
    clearTimeout(waiting.timer)
    waiting.completed(completionFor(waiting.request))
  }

  async function start(): Promise<Worker> {
    const process = await startCommand({ name: 'the client', command, logPath, keeper, line: (text) => heard(text) })
    const worker: Worker = { process, owes: undefined, late: undefined }
    workers.add(worker)
    const heard = (text: string) => read(worker, text)
    void process.exited.then(({ code, signal }) => {
      workers.delete(worker)
      const at = idle.indexOf(worker)
      if (at >= 0) idle.splice(at, 1)
      clearTimeout(worker.late)
      if (!over) ended(worker, signal === null ? `exit code ${code}` : signal)
    })
    return worker
  }

  function ended({ owes, late }: Worker, how: string): void {
    // We killed it because its answer was overdue.
    if (late !== undefined) return
    const words = lastWords(logPath)
    const why = `ended by itself (${how})${words === '' ? '' : `; its last words: ${words}`}`
    if (owes !== undefined) settle(owes, ({ harmless }) => lost(harmless, `the client ${why}`))
    ends++
    if (!hasAnswered || ends === MOST_ENDS)
      wrong(`${why}. What it prints on standard error is in ${logPath}. It is to answer until its standard input ends.`)
  }

  function read(worker: Worker, text: string): void {
    if (over || text.trim() === '') return
    const line = parseLine(text)
    if (typeof line === 'string') wrong(`wrote ${shown(text)} on its standard output: ${line}. ${FORM}`)
    else if (line.id === worker.owes) answered(worker, line, text)
    else if (line.id < asked) wrong(`answered ${line.id} twice. ${FORM}`)
    else wrong(`answered ${line.id}, which it was never asked. ${FORM}`)
  }

  function answered(worker: Worker, line: AnswerLine, text: string): void {
    worker.owes = undefined
    clearTimeout(worker.late)
    worker.late = undefined
    idle.push(worker)
    ends = 0
    hasAnswered = true
    const request = pending.get(line.id)?.request
    if (request === undefined) return
    if (line.type !== 'ok') {
      const { type, error } = line
      if (type === 'info') firsts.failed(request, error)
      settle(line.id, ({ harmless }) => (type === 'fail' ? { type, error } : lost(harmless, error)))
      return
    }
    const judged = judgeAnswer(request.input, line.value)
    if (judged.type === 'broken') wrong(`is wrong: ${judged.why}. Its line was ${shown(text)}`)
    else {
      firsts.answered()
      settle(line.id, () => judged)
    }
  }

  async function ask(id: number, { node, host, port }: NodeAddress, input: Request['input']): Promise<void> {
    const worker = idle.pop() ?? (await start())
    // The caller stopped waiting before the process had started.
    if (!pending.has(id)) {
      idle.push(worker)
      return
    }
    worker.owes = id
    const line: AskedLine = { id, node, address: `${host.includes(':') ? `[${host}]` : host}:${port}`, input }
    worker.process.tell(JSON.stringify(line))
  }

  function timedOut(id: number, request: Request, timeoutMs: number): void {
    if (!hasAnswered) {
      wrong(`has not answered within ${timeoutMs + STARTING_MS} ms. ${FORM} Does it flush its output?`)
      return
    }
    const worker = [...workers].find(({ owes }) => owes === id)
    if (worker !== undefined) worker.late = setTimeout(() => void worker.process.kill(), OWING_MS)
    firsts.failed(request, `timeout after ${timeoutMs} ms`)
    settle(id, ({ harmless }) => lost(harmless, `timeout after ${timeoutMs} ms`))
  }

  return {
    connect(address) {
      return {
        invoke(request, timeoutMs, completed) {
          const id = asked++
          if (over) {
            setImmediate(completed, lost(request.harmless, 'the client is broken'))
            return
          }
          const waiting: Pending = { request, timer: undefined, completed }
          pending.set(id, waiting)
          waiting.timer = setTimeout(
            () => timedOut(id, request, timeoutMs),
            timeoutMs + (hasAnswered ? 0 : STARTING_MS),
          )
          const asking = ask(id, address, request.input).catch((error: unknown) => {
            if (!(error instanceof UserError)) throw error
            breakDown(error)
          })
          starting.add(asking)
          void asking.finally(() => starting.delete(asking))
        },
        close() {},
      } satisfies Client
    },
    async close() {
      over = true
      for (const id of [...pending.keys()]) settle(id, ({ harmless }) => lost(harmless, 'client closed'))
      await Promise.all(starting)
      await Promise.all(
        [...workers].map(({ process, late }) => {
          clearTimeout(late)
          return process.end(END_GRACE_MS)
        }),
      )
    },
  }
}

const FORM =
  'It is to write one line for each line that it reads: {"id": 7, "type": "ok", "value": …}, or "fail" (certainly not done) or "info" with "error".'

const lost = (harmless: boolean, error: string): Completion => ({ type: harmless ? 'fail' : 'info', error })

type AnswerLine =
  | { readonly id: number; readonly type: 'ok'; readonly value: unknown }
  | { readonly id: number; readonly type: 'fail' | 'info'; readonly error: string }

/** The parsed line, or an explanation of what is wrong with it. */
function parseLine(text: string): AnswerLine | string {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return 'this is no JSON; what is for people belongs on standard error'
  }
  if (json === null || typeof json !== 'object' || Array.isArray(json)) return 'this is no JSON object'
  const { id, type, value, error } = json as { readonly [member: string]: unknown }
  if (typeof id !== 'number') return 'it has no "id", which says what is answered'
  if (type === 'ok') return { id, type, value }
  if (type === 'fail' || type === 'info') return { id, type, error: typeof error === 'string' ? error : shown(error) }
  return `its "type" is ${shown(type)}, not ok, fail or info`
}

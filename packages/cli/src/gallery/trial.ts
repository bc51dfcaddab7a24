import { spawn } from 'node:child_process'
import { EXIT } from '@chaosproxy/engine/run'
import type { TrialResult } from '@chaosproxy/report/gallery'
import { memberAt, textAt } from '@chaosproxy/runner/result'
import { startWithThisThread } from '@chaosproxy/targets'
import { CHAOS } from './programs.ts'

/** The time limit for a trial, which takes less than a minute on an idle machine. */
const LONGEST_MS = 240_000
/** The time limit for an interrupted run to stop its servers. */
const ENDING_MS = 20_000

interface Trial {
  readonly args: readonly string[]
  readonly cwd: string
  readonly seed: number
  readonly breaks: string
  readonly signal: AbortSignal
}

/** Runs `chaos` once in a separate process. */
export function runTrial({ args, cwd, seed, breaks, signal }: Trial): Promise<TrialResult> {
  const startedAt = performance.now()
  return new Promise((resolve) => {
    const env = { ...process.env, NO_COLOR: '1', GITHUB_ACTIONS: '' }
    // If this process is killed, the run's process is killed, too. The run's watchdog then cleans up.
    const { child, forget } = startWithThisThread(
      (marked) =>
        spawn(process.execPath, [CHAOS, ...args], {
          cwd,
          stdio: ['ignore', 'pipe', 'pipe'],
          env: { ...env, ...marked },
        }),
      { forks: false },
    )
    const output = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        output[stream] += text
      })
    const end = (): void => {
      child.kill('SIGINT')
      killing = setTimeout(() => child.kill('SIGKILL'), ENDING_MS)
    }
    let killing: NodeJS.Timeout | undefined
    const late = setTimeout(end, LONGEST_MS)
    signal.addEventListener('abort', end, { once: true })
    const finish = (exitCode: number | null): void => {
      clearTimeout(late)
      clearTimeout(killing)
      forget()
      signal.removeEventListener('abort', end)
      const seconds = Math.round((performance.now() - startedAt) / 100) / 10
      resolve({ seed, seconds, ...(exitCode === null ? {} : { exitCode }), ...judgeTrial(exitCode, output, breaks) })
    }
    child.once('error', () => finish(null))
    child.once('close', finish)
  })
}

/** Judges a trial by its exit code and its JSON, which must agree. */
export function judgeTrial(
  exitCode: number | null,
  { stdout, stderr }: { readonly stdout: string; readonly stderr: string },
  breaks: string,
): Pick<TrialResult, 'outcome' | 'said'> {
  const result = parsed(stdout)
  if (result === undefined)
    return {
      outcome: 'other',
      said: stderr.trim().split('\n').at(-1)?.trim() || `ended with exit code ${exitCode}`,
    }
  const [failure] = failuresIn(result)
  const said =
    textAt(failure, 'sentence') ??
    textAt(result, 'title') ??
    textAt(result, 'headline') ??
    `nothing in ${String(memberAt(result, ['trials']) ?? 'some')} simulated runs`
  const verdict = levelIn(result, breaks)
  const isFound = verdict === 'violated' && exitCode === EXIT.violated
  const isClean = verdict === 'met' && exitCode === EXIT.met
  return { outcome: isFound ? 'found' : isClean ? 'clean' : 'other', said }
}

/** Returns the verdict on the level from the output of a single run, or of a search with many runs. */
function levelIn(result: object, level: string): unknown {
  const searchedFor = textAt(result, 'level')
  if (searchedFor === undefined) return memberAt(result, ['levels', level, 'result'])
  if (searchedFor !== level) return undefined
  if (memberAt(result, ['found']) === false) return 'met'
  return failuresIn(result).some((failure) => textAt(failure, 'kind') === 'violation') ? 'violated' : undefined
}

const failuresIn = (result: object): readonly object[] => {
  const failures = memberAt(result, ['failures'])
  return Array.isArray(failures) ? failures : []
}

function parsed(stdout: string): object | undefined {
  const line = stdout
    .trim()
    .split('\n')
    .findLast((each) => each.startsWith('{'))
  if (line === undefined) return undefined
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

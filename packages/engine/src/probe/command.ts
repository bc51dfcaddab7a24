import { spawn } from 'node:child_process'
import type { Probe, ProbeAnswer } from '@chaosproxy/runner/result'

/** The exit codes by which a shell reports that it did not find the program, or that it may not run the program. */
const NOT_RUN: readonly (number | null)[] = [126, 127]

/** Runs a command in a shell. Then ends all processes that the command started. */
export function runCommandProbe({
  command,
  take,
  withinMs,
}: Extract<Probe, { readonly kind: 'command' }>): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', command], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    const output = { stdout: '', stderr: '' }
    const end = (answer: ProbeAnswer) => {
      clearTimeout(timer)
      endGroup(child.pid)
      resolve(answer)
    }
    const timer = setTimeout(() => end(late(withinMs)), withinMs)
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        if (output[stream].length < MOST_ANSWER_BYTES) output[stream] += text
      })
    child.once('error', ({ message }) => end({ why: `it cannot be run: ${message}` }))
    child.once('close', (code, signal) => {
      if (code === null) end({ why: `it was ended by ${signal}` })
      else if (NOT_RUN.includes(code)) end({ why: `it cannot be run: ${shortened(output.stderr)}` })
      else if (take === 'exit') end({ value: code })
      else if (code !== 0) end({ why: `it ended with exit code ${code}: ${shortened(output.stderr || output.stdout)}` })
      else end(numberIn(output.stdout, 'its output'))
    })
  })
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // The process has already ended.
  }
}

/** The limit on a probe's output, far above any need. */
export const MOST_ANSWER_BYTES = 1_000_000

export const late = (withinMs: number): ProbeAnswer => ({
  why: `no answer within ${withinMs < 1000 ? `${withinMs} ms` : `${withinMs / 1000} s`}`,
})

export function numberIn(text: string, what: string): ProbeAnswer {
  const [digits] = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/i.exec(text) ?? []
  return digits === undefined ? { why: `${what} contains no number: ${shortened(text)}` } : { value: Number(digits) }
}

const MOST_SHOWN = 60

export function shortened(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ')
  if (line === '') return 'it is empty'
  return line.length > MOST_SHOWN ? `${line.slice(0, MOST_SHOWN - 1)}…` : line
}

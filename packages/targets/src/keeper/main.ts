import { createInterface } from 'node:readline'
import { isRunning, startTimeOf } from './process-identity.ts'

// The keeper outlives its owner, the runner, by an instant: it is told which processes the owner has started, and when the
// owner is gone, however it went, it kills those that are left. A node that is stopped (SIGSTOP) cannot see its own
// pipe close; this is for it. Lines on standard input: `+PID` and `-PID`.

const started = new Map<number, string | undefined>()

const input = createInterface({ input: process.stdin })
input.on('line', (line) => {
  const pid = Number(line.slice(1))
  if (line.startsWith('+')) started.set(pid, startTimeOf(pid))
  else started.delete(pid)
})
input.on('close', () => {
  for (const [pid, startTime] of started) if (isRunning(pid, startTime)) kill(pid)
  process.exit(0)
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended between the look and the signal.
  }
}

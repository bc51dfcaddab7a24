import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { FaultKind } from '@chaosproxy/faults'
import { onTestFinished } from 'vitest'
import type { Keeper } from '../../src/keeper/keeper.ts'
import { hasCompiler } from '../../src/preload/library.ts'
import type { Machine } from '../../src/preload/machine.ts'
import { openMachines } from '../../src/preload/machines.ts'

/** Whether this machine can compile what is preloaded. */
export const isPossible: boolean = process.platform === 'linux' && hasCompiler()
export const WHY_SKIPPED: string = isPossible ? '' : ': skipped, for want of cc'

const nobody = { removeLater() {} } as unknown as Keeper

/** A machine with a disk of its own, and a function that runs a script in Node on it. */
export async function openMachine(
  faults: readonly FaultKind[],
): Promise<{ readonly machine: Machine; readonly disk: string; start(script: string): Promise<Program> }> {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-preload-'))
  const disk = join(directory, 'disk')
  mkdirSync(disk)
  const machines = await openMachines({ faults, seed: 1, keeper: nobody })
  if (machines === undefined) throw new Error('no fault needs a machine')
  onTestFinished(() => {
    machines.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const machine = machines.of('n1', { disk, user: undefined, logPath: '/dev/null' })
  return { machine, disk, start: (script) => started(script, machine, disk) }
}

export interface Program {
  /** The next line that it prints. */
  line(): Promise<string>
  kill(): Promise<void>
}

/** Runs a script, which has `fs`, and `say`, which prints a line; it goes on until it is killed. */
async function started(script: string, machine: Machine, directory: string): Promise<Program> {
  const text = `const fs = require('node:fs'); const say = (it) => fs.writeSync(1, it + '\\n'); setInterval(() => {}, 1000); ${script}`
  const child = spawn(process.execPath, ['-e', text], {
    cwd: directory,
    env: { ...process.env, ...machine.environment(undefined) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  const kill = async () => {
    child.kill('SIGKILL')
    await ended
  }
  onTestFinished(kill)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async line() {
      const { value } = await lines.next()
      return String(value)
    },
    kill,
  }
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { FaultKind } from '@chaosproxy/faults'
import { onTestFinished } from 'vitest'
import type { Keeper } from '../../src/keeper/keeper.ts'
import { whyNoLayer } from '../../src/preload/fault-support.ts'
import { hasCompiler } from '../../src/preload/library.ts'
import type { Between, Machine } from '../../src/preload/machine.ts'
import { openMachines } from '../../src/preload/machines.ts'

interface Way {
  readonly by: Between
  readonly without: string
}

/**
 * The layers that inject the faults. `without` says what this machine lacks for the layer; empty if nothing is missing.
 */
export const ways: readonly [Way, Way] = [
  { by: 'libraries', without: hasCompiler() ? '' : ': skipped, for want of cc' },
  {
    by: 'layer',
    without: hasCompiler() && whyNoLayer() === undefined ? '' : ': skipped, for want of cc, root and /dev/fuse',
  },
]

const nobody = { removeLater() {} } as unknown as Keeper

/** Opens a machine with a separate disk. Returns it with a function that runs a Node script on it. */
export async function openMachine(
  faults: readonly FaultKind[],
  by: Between = 'libraries',
): Promise<{ readonly machine: Machine; readonly disk: string; start(script: string): Promise<Program> }> {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-preload-'))
  const disk = join(directory, 'disk')
  mkdirSync(disk)
  const machines = await openMachines({ faults, seed: 1, keeper: nobody, by })
  if (machines === undefined) throw new Error('no fault needs a machine')
  onTestFinished(() => {
    machines.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const machine = machines.of('n1', { disk, user: undefined, logPath: '/dev/null' })
  return { machine, disk, start: (script) => started(script, machine, disk) }
}

export interface Program {
  /** Resolves with the next line that the program prints. */
  line(): Promise<string>
  signal(name: NodeJS.Signals): void
  kill(): Promise<void>
}

/** Runs a script until it is killed. The script can use `fs`, and `say`, which prints a line. */
async function started(script: string, machine: Machine, directory: string): Promise<Program> {
  const text = `const fs = require('node:fs'); const say = (it) => fs.writeSync(1, it + '\\n'); setInterval(() => {}, 1000); ${script}`
  const { words, environment } = machine.under({ words: [process.execPath, '-e', text] })
  const [program, ...rest] = words
  const child = spawn(program, rest, {
    cwd: directory,
    env: { ...process.env, ...environment },
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
    signal: (name) => void child.kill(name),
    kill,
  }
}

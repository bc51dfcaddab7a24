import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { ensureBuilt } from '../../../testing/src/build.ts'
import { type CommandNode, type CommandNodeOptions, openCommandNode } from '../../src/command/command-node.ts'
import { type CommandProcess, startCommand } from '../../src/command/command-process.ts'
import { type Keeper, startKeeper } from '../../src/keeper/keeper.ts'
import type { ProgramCommand } from '../../src/processes/command.ts'

/**
 * Starts commands for the tests of one file. Each is ended after its test, even if the test fails, and its directory is
 * removed.
 */
export function commands() {
  let keeper: Keeper | undefined
  let made: string | undefined
  const running: { kill(): Promise<unknown> }[] = []
  const nodes: CommandNode<string>[] = []
  beforeAll(ensureBuilt)
  afterEach(async () => {
    await Promise.all(running.splice(0).map((process) => process.kill()))
    await Promise.all(nodes.splice(0).map((node) => node.end()))
    if (made !== undefined) rmSync(made, { recursive: true, force: true })
    made = undefined
  })

  afterAll(() => keeper?.close())

  const directory = () => {
    made ??= mkdtempSync(join(tmpdir(), 'chaos-command-'))
    return made
  }
  const theKeeper = () => {
    keeper ??= startKeeper(() => {})
    return keeper
  }
  const logPath = () => join(directory(), 'n1.log')
  return {
    directory,
    logPath,
    keeper: theKeeper,
    log: () => readFileSync(logPath(), 'utf8'),
    async start(command: ProgramCommand, line?: (text: string) => void): Promise<CommandProcess> {
      const process = await startCommand({ name: 'n1', command, logPath: logPath(), keeper: theKeeper(), line })
      running.push(process)
      return process
    },
    async node<Port extends string>(
      options: Pick<CommandNodeOptions<Port>, 'command' | 'ports' | 'readiness'> & Partial<CommandNodeOptions<Port>>,
    ): Promise<CommandNode<Port>> {
      const node = await openCommandNode<Port>({
        id: 'n1',
        dataDir: join(directory(), 'data'),
        logPath: logPath(),
        keeper: theKeeper(),
        startupTimeoutMs: 20_000,
        moved: () => {},
        died: () => {},
        ...options,
      })
      nodes.push(node as CommandNode<string>)
      return node
    },
  }
}

/** Returns the command that runs a script in Node. */
export const script = (code: string): ProgramCommand => ({ words: [process.execPath, '--eval', code] })

export const shell = (code: string): ProgramCommand => ({ words: ['/bin/sh', '-c', code] })

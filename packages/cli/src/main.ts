import { UserError } from '@chaos/history'
import { parseArguments } from './arguments/parse-arguments.ts'
import { nearest } from './arguments/suggest.ts'
import type { Command } from './command.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { print, tolerateClosedOutput } from './terminal/output.ts'
import { terminalOptions } from './terminal/style.ts'
import { packageVersion } from './version.ts'

/** What a command needs is loaded only where it is the one to run: most of them start in a fraction of what all take. */
const registry: { readonly [name: string]: () => Promise<Command> } = {
  run: async () => (await import('./commands/run.ts')).runCommand,
  check: async () => (await import('./commands/check.ts')).checkCommand,
  fuzz: async () => (await import('./commands/fuzz.ts')).fuzzCommand,
  replay: async () => (await import('./commands/replay.ts')).replayCommand,
  targets: async () => (await import('./commands/targets.ts')).targetsCommand,
  proxy: async () => (await import('./commands/proxy.ts')).proxyCommand,
  ctl: async () => (await import('./commands/ctl.ts')).ctlCommand,
}
/** Runs the command line given and sets the process's exit code. Never throws for a user's mistake. */
export async function main(argv: readonly string[]): Promise<void> {
  tolerateClosedOutput()
  try {
    process.exitCode = await runCommandLine(argv)
  } catch (error) {
    process.exitCode = report(error)
  }
}

/** @throws UserError */
async function runCommandLine([name, ...rest]: readonly string[]): Promise<ExitCode> {
  if (name === undefined)
    throw new UserError(
      'usage',
      'Say what to do: chaos run, chaos check FILE, chaos proxy or chaos targets. chaos --help tells more.',
    )
  if (name === '--version') return say(`${packageVersion()}\n`)
  if (isHelp(name)) return showOverview()
  const load = Object.hasOwn(registry, name) ? registry[name] : undefined
  if (load === undefined) throw new UserError('usage', explainUnknownCommand(name))
  const command = await load()
  const argv = command.normalize?.(rest) ?? rest
  if (beforeDashes(argv).some(isHelp)) return showHelp(command)
  return command.run(parseArguments(command, argv))
}

const isHelp = (argument: string): boolean => argument === '--help' || argument === '-h'

/** What follows `--` may be another program's to read. */
function beforeDashes(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--')
  return end < 0 ? argv : argv.slice(0, end)
}

async function showOverview(): Promise<ExitCode> {
  const [{ renderOverview }, ...commands] = await Promise.all([
    import('./help.ts'),
    ...Object.values(registry).map((load) => load()),
  ])
  return say(renderOverview(commands, terminalOptions(process.stdout).width))
}

async function showHelp(command: Command): Promise<ExitCode> {
  const { renderCommandHelp } = await import('./help.ts')
  return say(renderCommandHelp(command, terminalOptions(process.stdout).width))
}

function say(text: string): ExitCode {
  print(process.stdout, text)
  return EXIT.met
}

function explainUnknownCommand(name: string): string {
  if (name.startsWith('-'))
    return `${name}: the command comes first, then its options. chaos --help lists the commands.`
  const meant = nearest(name, Object.keys(registry))
  return `There is no command "${name}".${meant === undefined ? ' chaos --help lists them.' : ` Did you mean chaos ${meant}?`}`
}

function report(error: unknown): ExitCode {
  if (error instanceof UserError) {
    print(process.stderr, `${error.message}\n`)
    return error.code === 'environment' ? EXIT.environment : EXIT.usage
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  print(
    process.stderr,
    `This is a mistake in chaos itself, not in what you did. Please report it with the lines below.\n${text}\n`,
  )
  return EXIT.environment
}

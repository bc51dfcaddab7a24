import { existsSync, readFileSync } from 'node:fs'
import { packageVersion } from '@chaosproxy/engine/version'
import { asciiOnly, nearest, printableLines, UserError, usageError } from '@chaosproxy/history'
import { EXIT, type ExitCode } from '@chaosproxy/runner/result'
import { offerApi } from '@chaosproxy/targets/user-file'
import yargs from 'yargs'
import { type Command, keepWord, optionsOf, type ParsedOptions, wordOf } from './command.ts'
import { loadCommands } from './commands/loading.ts'
import { registry } from './commands/registry.ts'
import { ALL, declareHelp, withoutTexts } from './help.ts'
import { describedBy } from './option.ts'
import { endOnUncaughtErrors } from './terminal/last-resort.ts'
import { outputFailed, print, printNotice, tolerateBrokenOutput } from './terminal/output.ts'
import { pageWidth, speaksUnicode } from './terminal/page-width.ts'

const names = Object.keys(registry)

const CODE = ['ts', 'mts', 'js', 'mjs'] as const

const START_PAGE = `Say what to do. Three commands to begin with:

  chaos scenario split-brain                 watch a violation happen, told step by step
  chaos run --target raft --faults kill      break a cluster under load, and see what it still promises
  chaos init                                 begin with your own: a configuration, and what to run next

chaos --help lists all commands.`

const EXIT_CODES =
  'Exit codes: 0 as expected · 1 expectation violated · 2 unknown, or nothing was proved · 3 usage or input error · 4 target or environment failed · 130 interrupted'

/** Runs the command line. Ends the process if an error is not caught. */
export async function runProcess(typed: readonly string[]): Promise<void> {
  endOnUncaughtErrors(report)
  await main(typed)
}

/** Runs the command line and sets the exit code. Never throws for a user's error. */
export async function main(typed: readonly string[]): Promise<void> {
  tolerateBrokenOutput()
  // Makes the built API available to user files, even if chaos itself runs from its sources.
  offerApi(new URL(import.meta.url.endsWith('.ts') ? '../dist/index.js' : './index.js', import.meta.url))
  const words = withWordsKept(typed[0] === 'help' ? [...typed.slice(1), '--help'] : typed)
  let exitCode: ExitCode | undefined
  try {
    await extendRegistries(words)
  } catch (error) {
    process.exitCode = await report(error)
    return
  }
  const commands = await loadCommands(words[0])
  const helpWanted = optionsOf(words).some((arg) => arg === '--help' || arg === '-h')
  const argv = helpWanted ? words.filter((arg) => arg !== ALL) : words
  const encode = speaksUnicode() ? (text: string) => text : asciiOnly
  const ownHelp = helpWanted && commands.length === 1 ? commands[0]?.helpFor?.(optionsOf(argv).slice(1)) : undefined
  if (ownHelp !== undefined) {
    print(ownHelp)
    process.exitCode = EXIT.met
    return
  }
  const parser = yargs([...(commands.length === 1 ? ((await commands[0]?.normalize?.(argv)) ?? argv) : argv)])
    .scriptName('chaos')
    .usage(
      'chaos: break a replicated system on purpose, and learn what it really promises.\n\nUsage: $0 <command> [options]',
    )
    .version(packageVersion())
    .help()
    .alias('help', 'h')
    .epilogue(encode(EXIT_CODES))
    .wrap(pageWidth(process.stdout))
    .exitProcess(false)
    .strict()
    .demandCommand(1, START_PAGE)
    .showHelpOnFail(false)
    .parserConfiguration({
      'camel-case-expansion': false,
      'parse-positional-numbers': false,
      'populate--': hasCommandOfItsOwn(argv),
    })
    .fail((message, error) => {
      // yargs throws a YError for a wrong command line.
      if (error !== undefined && error.name !== 'YError') throw error
      throw usageError(explainRejection(message ?? error?.message, argv, commands))
    })
  for (const command of commands) {
    parser.command(
      command.positional === '' ? command.name : `${command.name} ${command.positional}`,
      encode(command.summary),
      (builder) => {
        if (helpWanted) declareHelp(builder, command, { all: words.includes(ALL), encode })
        else builder.options(withoutTexts(command.options))
      },
      async (options) => {
        exitCode = await command.run(options as ParsedOptions)
      },
    )
  }
  try {
    requireCommandFirst(argv)
    await parser.parseAsync()
    process.exitCode = outputFailed() ? EXIT.environment : (exitCode ?? EXIT.met)
  } catch (error) {
    process.exitCode = await report(error)
  }
}

/** The commands that use a configuration's extensions. A broken configuration does not affect other commands. */
const EXTENSIBLE: ReadonlySet<string> = new Set([
  ...['run', 'fuzz', 'simulate', 'replay', 'compare', 'worker', 'doctor', 'targets', 'workloads', 'proxy', 'record'],
  ...['check', 'diff', 'explain', 'routes', 'scenario', 'gallery', 'reporters', 'ui', 'mcp', 'ctl'],
])

/**
 * The actions that use kinds of faults or models, for each command that also has other actions. A broken configuration
 * does not affect the other actions.
 */
const EXTENSIBLE_ACTIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ['ctl', ['add', 'a', 'change', 'update', 'u', 'kinds']],
  ['routes', ['check']],
])

/**
 * Adds the extensions of the configuration, before the command is loaded. SECURITY.md lists the commands that execute a
 * configuration.
 */
async function extendRegistries(argv: readonly string[]): Promise<void> {
  const [command = ''] = argv
  if (!EXTENSIBLE.has(command)) return
  const ours = optionsOf(argv)
  const at = ours.findIndex((word) => /^--config(=|$)/.test(word))
  // The file that `chaos proxy` reads with `--config` is data. It cannot extend chaos.
  if (command === 'proxy' && at >= 0) return
  // Options may precede the action, so any word may be the action.
  if (EXTENSIBLE_ACTIONS.get(command)?.some((action) => ours.includes(action, 1)) === false) return
  if (command === 'mcp' && at < 0 && !allowsCode(ours)) return
  const path = extendingConfig(at < 0 ? undefined : (ours[at]?.match(/=(.*)/)?.[1] ?? ours[at + 1]))
  if (path === undefined) return
  const { extendByConfig } = await import('@chaosproxy/engine/run')
  await extendByConfig(path)
}

function allowsCode(words: readonly string[]): boolean {
  const at = words.findLastIndex((word) => ['--allow-code', '--no-allow-code'].includes(word.replace(/=.*/, '')))
  return ['--allow-code', '--allow-code=true'].includes(words[at] ?? '') && words[at + 1] !== 'false'
}

/** Returns the configuration's path if its text mentions `extend`. This check avoids loading most configurations. */
function extendingConfig(named: string | undefined): string | undefined {
  const path = named ?? CODE.map((extension) => `chaos.config.${extension}`).find((name) => existsSync(name))
  if (path === undefined || path.endsWith('.json') || !existsSync(path)) return undefined
  return /\bextend\b/.test(readFileSync(path, 'utf8')) ? path : undefined
}

/** Whether the words after `--` are a command to run, or arguments of the program named by `--bin`. */
const hasCommandOfItsOwn = (argv: readonly string[]): boolean =>
  argv[0] === 'proxy' || argv[0] === 'record' || optionsOf(argv).some((word) => /^--bin(=|$)/.test(word))

/** Protects words after `--`, which are never options, and a lone `-`, which yargs would drop. */
function withWordsKept(argv: readonly string[]): readonly string[] {
  const ours = optionsOf(argv)
  const rest = argv.slice(ours.length)
  const kept = (arg: string): string => (arg === '-' ? keepWord(arg) : arg)
  if (hasCommandOfItsOwn(argv)) return argv.map(kept)
  return [...ours.map(kept), ...rest.slice(1).map(keepWord)]
}

/** Rejects options before the command, because yargs would take the command as an option's value. */
function requireCommandFirst([first = '']: readonly string[]): void {
  if (!first.startsWith('-') || ['--help', '-h', '--version'].includes(first)) return
  throw usageError(`${first}: write the command before its options. chaos --help lists the commands.`)
}

/** Turns yargs' `Unknown argument: targt` into a message that suggests an option. */
function explainRejection(message: string, argv: readonly string[], commands: readonly Command[]): string {
  const unknown = /^Unknown (?:argument|command)s?: (.+)$/.exec(message)?.[1]
  const command = commands.find((candidate) => candidate.name === argv[0])
  if (unknown === undefined) return explainMissing(message, command)
  const name = wordOf(unknown.split(', ')[0] ?? '')
  if (command === undefined || argv.map(wordOf).includes(name)) {
    const meant = nearest(name, names)
    if (command === undefined)
      return `There is no command "${name}".${meant === undefined ? ' chaos --help lists all commands.' : ` Did you mean chaos ${meant}?`}`
    const target =
      'target' in command.options && /^\w/.test(name) ? ` What to test is an option: --target ${name}.` : ''
    return `chaos ${command.name} takes no argument "${name}".${listText(argv, name, command) ?? target} chaos ${command.name} --help lists its arguments.`
  }
  const meant = nearest(name, Object.keys(command.options))
  const typed = argv.includes(`--no-${name}`) ? `--no-${name}` : name.length === 1 ? `-${name}` : `--${name}`
  return `Unknown option ${typed}.${meant === undefined ? ` chaos ${command.name} --help lists all options.` : ` Did you mean --${meant}?`}`
}

/** Explains a stray word that may be one more value of the option before it. */
function listText(argv: readonly string[], name: string, { options }: Command): string | undefined {
  const place = argv.findIndex((word) => wordOf(word) === name)
  const [option = '', value = ''] = argv.slice(Math.max(0, place - 2), place).map(wordOf)
  const { describe = '', array } = options[option.slice(2)] ?? {}
  if (!option.startsWith('--') || !(array === true || describedBy(describe).includes('comma-separated')))
    return undefined
  return ` If it belongs to ${option}, separate values by commas: ${option} ${value},${name}.`
}

function explainMissing(message: string, command: Command | undefined): string {
  if (command === undefined) return message
  const { name, needs } = command
  if (needs !== undefined && message.startsWith('Not enough non-option arguments'))
    return `chaos ${name} needs ${needs}`
  const option = /^Not enough arguments following: (.+)$/.exec(message)?.[1]
  return option === undefined ? message : `--${option} needs a value; chaos ${name} --help describes the option.`
}

async function report(error: unknown): Promise<ExitCode> {
  if (error instanceof UserError) {
    const { withDatabaseHint } = await import('./doctor/database-hint.ts')
    printNotice(`${printableLines(withDatabaseHint(error.message))}\n`)
    return error.code === 'environment' ? EXIT.environment : EXIT.usage
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  printNotice(
    `This is a bug in chaos, not in what you did. Please report it with the lines below.\n${printableLines(text)}\n`,
  )
  return EXIT.environment
}

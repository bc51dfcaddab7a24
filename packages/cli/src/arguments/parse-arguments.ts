import { parseArgs } from 'node:util'
import { UserError } from '@chaos/history'
import type { Command, OptionSpec, ParsedOptions } from '../command.ts'
import { nearest } from './suggest.ts'

/** What may be given of a command, and what of it was given so far. */
interface Reading {
  readonly command: Command
  readonly options: Map<string, boolean | string[]>
  readonly operands: string[]
}

/**
 * Reads what follows a command's name. Options may stand anywhere and be given several times, `--name value` or
 * `--name=value`; those that are on by default are turned off by `--no-name`. After `--` all are operands.
 *
 * @throws UserError (usage)
 */
export function parseArguments(command: Command, argv: readonly string[]): ParsedOptions {
  const reading: Reading = { command, options: new Map(), operands: [] }
  const types = Object.entries(command.options).map(([name, { type }]) => [name, { type }] as const)
  // Not strict, since its errors are for programmers; what is wrong is told here.
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(types),
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const end = tokens.find(({ kind }) => kind === 'option-terminator')?.index ?? argv.length
  const passedOn = command.passesOn === true ? argv.slice(end + 1) : []
  for (const token of tokens) {
    if (token.kind === 'option') readOption(reading, token)
    else if (token.kind === 'positional' && (token.index < end || command.passesOn !== true))
      readOperand(reading, token.value)
  }
  requireOperands(reading)
  const defaults = Object.entries(command.options).flatMap(([name, { default: value }]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  return {
    ...Object.fromEntries(defaults),
    ...Object.fromEntries(reading.options),
    operands: reading.operands,
    passedOn,
  }
}

interface OptionToken {
  readonly name: string
  /** As typed, with its dashes. */
  readonly rawName: string
  readonly value?: string | undefined
  readonly inlineValue?: boolean | undefined
}

function readOption({ command, options }: Reading, { name, rawName, value, inlineValue }: OptionToken): void {
  const spec = specOf(command, name)
  const negated = spec === undefined && name.startsWith('no-') ? name.slice('no-'.length) : undefined
  if (negated !== undefined && value === undefined && specOf(command, negated)?.type === 'boolean') {
    options.set(negated, false)
    return
  }
  if (spec === undefined) throw new UserError('usage', explainUnknownOption(command, name, rawName))
  if (spec.type === 'boolean') {
    if (value !== undefined)
      throw new UserError('usage', `${rawName} is given or not: leave out ${JSON.stringify(`=${value}`)}.`)
    options.set(name, true)
    return
  }
  if (value === undefined || (inlineValue !== true && value.startsWith('--'))) {
    const hint = value === undefined ? '' : ` One that begins with dashes is written ${rawName}=${value}.`
    throw new UserError('usage', `${rawName} needs a value; chaos ${command.name} --help tells which.${hint}`)
  }
  const earlier = options.get(name)
  options.set(name, [...(Array.isArray(earlier) ? earlier : []), value])
}

function readOperand({ command, operands }: Reading, operand: string): void {
  if (command.operand === undefined || (!command.operand.many && operands.length > 0))
    throw new UserError(
      'usage',
      `chaos ${command.name} takes no argument "${operand}". chaos ${command.name} --help tells what it takes.`,
    )
  operands.push(operand)
}

function requireOperands({ command: { name, operand }, operands }: Reading): void {
  if (operand?.required !== undefined && operands.length === 0)
    throw new UserError('usage', `chaos ${name} needs ${operand.required}`)
}

const specOf = ({ options }: Command, name: string): OptionSpec | undefined =>
  Object.hasOwn(options, name) ? options[name] : undefined

function explainUnknownOption(command: Command, name: string, rawName: string): string {
  const meant = nearest(name, Object.keys(command.options))
  return `Unknown option ${rawName}.${meant === undefined ? ` chaos ${command.name} --help lists them.` : ` Did you mean --${meant}?`}`
}

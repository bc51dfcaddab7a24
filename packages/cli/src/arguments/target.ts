import { UserError } from '@chaos/history'
import type { KnobValue, ProtocolDefinition } from '@chaos/protocols'
import { findTarget, type TargetDefinition, targetNames } from '@chaos/targets'
import { oneOf, parseSettings } from './names.ts'

export function parseTarget(typed: string): TargetDefinition {
  const target = findTarget(oneOf('target', 'target', typed, targetNames))
  if (target === undefined) throw new UserError('usage', `--target ${typed}: there is no such target.`)
  return target
}

export function parseBug(protocol: ProtocolDefinition, typed: string | undefined): string | undefined {
  if (typed === undefined) return undefined
  return oneOf(
    'bug',
    `mistake in ${protocol.name}`,
    typed,
    protocol.bugs.map((bug) => bug.name),
  )
}

export function parseKnobs(protocol: ProtocolDefinition, typed: readonly string[]): { [name: string]: KnobValue } {
  const knobs = parseSettings(typed)
  for (const [name, value] of Object.entries(knobs)) {
    oneOf(
      'set',
      `knob of ${protocol.name}`,
      name,
      protocol.knobs.map((knob) => knob.name),
    )
    const values = protocol.knobs.find((knob) => knob.name === name)?.values
    if (values !== undefined && !values.includes(value))
      throw new UserError('usage', `--set ${name}=${value}: ${name} can be ${values.join(', ')}.`)
  }
  return knobs
}

import { consistency, impliesLevel } from '@chaosproxy/checker'
import type { Claim } from './claim.ts'
import { type Held, held, type Recorded } from './recorded.ts'

type SettingsAllow = Extract<Claim, { readonly claim: 'the settings allow' }>

/** Another value of a setting forbids what was seen. */
export function doSettingsAllow({ spec }: Recorded, { change, promise, broken }: SettingsAllow): Held {
  if (spec === undefined) return 'unknown'
  const { settings } = spec.target
  const isChange = Object.entries(change).every(([name, value]) => settings[name] !== value)
  return held(isChange && implies(promise, broken))
}

function implies(level: string, weaker: string): boolean {
  const implied: { readonly [level: string]: readonly string[] } = consistency.implied
  if (level === weaker || impliesLevel(level, weaker)) return true
  return Object.hasOwn(implied, level) && (implied[level] ?? []).some((next) => implies(next, weaker))
}

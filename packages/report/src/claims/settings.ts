import type { Claim } from './claim.ts'
import { type Held, held, type Recorded } from './recorded.ts'

type SettingsAllow = Extract<Claim, { readonly claim: 'the settings allow' }>

/** They were chosen otherwise, and what the target promises with the change is more than the run was promised. */
export function doSettingsAllow({ spec, promised }: Recorded, { change, promise }: SettingsAllow): Held {
  if (spec === undefined) return 'unknown'
  const { settings } = spec.target
  return held(promise !== promised && Object.entries(change).every(([name, value]) => settings[name] !== value))
}

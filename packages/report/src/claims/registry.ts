import type { Claim, SettingsAllow } from './claim.ts'
import { isExplainedByFault, isSlowestRecovery, wasNoMajorityUp } from './faults.ts'
import { isHandedOutTwice } from './handed-out.ts'
import { isLost } from './lost.ts'
import { cameBackWithout, isMissing } from './missing.ts'
import { type Held, held, type Recorded } from './recorded.ts'

/** How each kind of claim is checked against the record. The checks share no code with what makes the claims. */
const meanings: {
  readonly [kind in Claim['claim']]: (recorded: Recorded, claim: Extract<Claim, { readonly claim: kind }>) => Held
} = {
  lost: isLost,
  missing: isMissing,
  'came back without': cameBackWithout,
  'handed out twice': isHandedOutTwice,
  'slowest recovery': isSlowestRecovery,
  'no majority up': wasNoMajorityUp,
  'blamed on a fault': isExplainedByFault,
  'the settings allow': doSettingsAllow,
}

export function holds<Kind extends Claim['claim']>(
  recorded: Recorded,
  claim: Extract<Claim, { readonly claim: Kind }> & { readonly claim: Kind },
): Held {
  return meanings[claim.claim](recorded, claim)
}

export interface Made {
  readonly claim: Claim
  readonly held: Held
}

export interface Claims {
  readonly made: readonly Made[]
  /** Records the claim, and returns whether it may be shown. */
  readonly may: (claim: Claim) => boolean
}

export function claimsOf(recorded: Recorded): Claims {
  const made: Made[] = []
  return {
    made,
    may(claim) {
      const held = holds(recorded, claim)
      made.push({ claim, held })
      return held === 'holds'
    },
  }
}

/** Checks that the changed settings promise a level that the settings of the run do not promise. */
function doSettingsAllow({ spec, promised }: Recorded, { change, promise }: SettingsAllow): Held {
  if (spec === undefined) return 'unknown'
  const { settings } = spec.target
  return held(promise !== promised && Object.entries(change).every(([name, value]) => settings[name] !== value))
}

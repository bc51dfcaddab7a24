import { UserError } from '@chaosproxy/history'
import { firstDifference } from '../replay/difference.ts'
import type { Plan } from './plan.ts'
import { hurried, type SearchedProtocol } from './subject.ts'
import { runPlan, type Trial, type TrialLimits } from './trial.ts'

/** A trial by the subject's shortcut, unless it fails or is to be compared: then the one without it counts. */
export function hurriedTrial(
  subject: SearchedProtocol,
  plan: Plan,
  limits: TrialLimits,
  { isCompared }: { readonly isCompared: boolean } = { isCompared: false },
): Trial {
  const { shortcut } = subject
  if (shortcut === undefined) return runPlan(subject, plan, limits)
  const trial = unlessRefused(hurried(subject), plan, limits)
  if (trial !== undefined && trial.failure === undefined && !isCompared) return trial
  // What filled the memory may be what was kept.
  const hasEnded = trial !== undefined && !(trial.failure?.kind === 'broken' && trial.failure.stuck === true)
  if (!hasEnded) shortcut.distrust()
  const sure = runPlan(subject, plan, limits)
  if (hasEnded && firstDifference(trial.events, sure.events) !== undefined) shortcut.distrust()
  return sure
}

/** Undefined for a run that is refused, which it may not be without the shortcut. */
function unlessRefused(subject: SearchedProtocol, plan: Plan, limits: TrialLimits): Trial | undefined {
  try {
    return runPlan(subject, plan, limits)
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}

import { UserError } from '@chaosproxy/history'
import { firstDifference } from '../replay/difference.ts'
import type { Plan } from './plan.ts'
import { hurried, type SearchedProtocol } from './subject.ts'
import { runPlan, type Trial, type TrialLimits } from './trial.ts'

/**
 * A trial by the subject's shortcut, repeated without it if it fails or is to be compared: then the repetition counts.
 */
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
  // State kept by the shortcut may have filled the memory.
  const hasEnded = trial !== undefined && !(trial.failure?.kind === 'broken' && trial.failure.stuck === true)
  if (!hasEnded) shortcut.distrust()
  const sure = runPlan(subject, plan, limits)
  if (hasEnded && firstDifference(trial.events, sure.events) !== undefined) shortcut.distrust()
  return sure
}

/** Undefined for a run that is refused: without the shortcut it may not be. */
function unlessRefused(subject: SearchedProtocol, plan: Plan, limits: TrialLimits): Trial | undefined {
  try {
    return runPlan(subject, plan, limits)
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}

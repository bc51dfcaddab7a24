import type { Handlers } from '../turn.ts'
import { preCommit, settle } from './site.ts'
import type { Doubt, Progress, ThreePhase, ThreePhaseTurn } from './state.ts'

// The termination protocol: sites that receive nothing from the coordinator decide among themselves. If one of them is
// pre-committed, the dead sites may have committed: the living pre-commit and then commit. If none is, no site can have
// committed: they abort (Skeen, "Nonblocking Commit Protocols", 1981, §7). Silence counts as death, so the two sides of
// a network partition decide separately.

export function checkDoubts(turn: ThreePhaseTurn): void {
  const { state, config } = turn
  for (const [transaction, doubt] of [...state.doubts]) {
    if (state.open.has(transaction)) continue
    doubt.checks++
    const silentMs = doubt.checks * config.checkMs
    if (silentMs <= config.silenceMs) continue
    // The living sites have one interval to answer. After that, this site decides.
    if (silentMs > config.silenceMs + config.checkMs) decide(turn, transaction, doubt)
    if (state.doubts.has(transaction)) ask(turn, transaction, doubt)
  }
}

function ask(turn: ThreePhaseTurn, transaction: string, doubt: Doubt): void {
  doubt.heard.clear()
  for (const site of doubt.part.sites.filter((site) => site !== turn.state.id))
    turn.send(site, { type: 'how-far', transaction })
}

export const terminationMessages: Handlers<ThreePhase, 'how-far' | 'this-far'> = {
  'how-far'(turn, { transaction }, from) {
    const { state } = turn
    const doubt = state.doubts.get(transaction)
    // A site that has never voted aborts the transaction here. After this answer, it will not vote yes.
    if (doubt === undefined && !state.finished.has(transaction)) settle(turn, transaction, false)
    const restarted = doubt?.restarted ?? false
    turn.send(from, { type: 'this-far', transaction, progress: progressOf(turn, transaction, doubt), restarted })
  },
  'this-far'(turn, { transaction, progress, restarted }, from) {
    const doubt = turn.state.doubts.get(transaction)
    if (doubt === undefined) return
    if (progress === 'committed' || progress === 'aborted') settle(turn, transaction, progress === 'committed')
    else if (progress === 'deciding') doubt.checks = 0
    else doubt.heard.set(from, { progress, restarted })
  },
}

function progressOf({ state }: ThreePhaseTurn, transaction: string, doubt: Doubt | undefined): Progress {
  if (state.open.has(transaction)) return 'deciding'
  if (doubt === undefined) return state.finished.get(transaction) === true ? 'committed' : 'aborted'
  return doubt.preCommitted ? 'pre-committed' : 'ready'
}

function decide(turn: ThreePhaseTurn, transaction: string, doubt: Doubt): void {
  const isComplete = doubt.heard.size === doubt.part.sites.length - 1
  const sleepers = doubt.restarted || [...doubt.heard.values()].some(({ restarted }) => restarted)
  // A site that was down may have missed a decision, so the answers of all sites are needed.
  // The bug: a site that was down assumes that silent sites are undecided.
  if (sleepers && !isComplete && !turn.suffers('decide-alone')) return
  const ready = [...doubt.heard].filter(([, { progress }]) => progress === 'ready').map(([site]) => site)
  if (!doubt.preCommitted && ready.length === doubt.heard.size) {
    settle(turn, transaction, false)
    return
  }
  preCommit(turn, transaction, doubt)
  if (ready.length === 0) settle(turn, transaction, true)
  // The pre-commits are sent before any commit. Otherwise, if the first site that commits died, the others could abort.
  else for (const site of ready) turn.send(site, { type: 'pre-commit', transaction })
}

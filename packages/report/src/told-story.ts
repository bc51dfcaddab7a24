import type { Millis, Nanos } from '@chaosproxy/history'
import type { NodeMessage } from '@chaosproxy/runner/result'

/** A story as it was played, ready to be shown. */
export interface ToldStory {
  readonly name: string
  readonly summary: string
  readonly lesson: string
  readonly source: string
  readonly tellings: readonly StoryTelling[]
  /** The title of the system that prevents it, and the command that shows it; absent if this is that one. */
  readonly prevention: { readonly title: string; readonly command: string } | undefined
}

export interface StoryTelling {
  readonly kind: 'accident' | 'fix'
  /** `two masters, the last writer wins`. */
  readonly title: string
  /** `master-master · 2 nodes · in virtual time`. */
  readonly setting: string
  /** Clients, then nodes. */
  readonly clients: readonly string[]
  readonly nodes: readonly string[]
  /** What must hold after every step, checked in its ledger: `never more than $10 is spent`. */
  readonly promise?: string | undefined
  /** In order of time. */
  readonly steps: readonly ToldStep[]
  readonly verdicts: readonly ToldVerdict[]
  /** In a story about how much gets done. */
  readonly goodput?: Goodput | undefined
  /** The balance of it all, in one sentence. */
  readonly ending: string
  /** Deviations from the script; empty if there were none. */
  readonly differences: readonly string[]
}

export interface ToldStep {
  /** Equal for steps of several tellings that tell of the same thing. */
  readonly what: string
  readonly text: string
  /** The level that no order of the answers fits from here on; absent elsewhere. */
  readonly breaks?: string | undefined
  /** In order of time. */
  readonly signs: readonly Sign[]
  /** What nodes believe when the step is over, or just before it heals something; absent if not known. */
  readonly nodes?: readonly ToldNode[] | undefined
  /** How the story's promise stands when the step is over; absent in stories without one. */
  readonly ledger?: ToldLedger | undefined
}

export interface ToldNode {
  readonly node: string
  /** `$10`, `leader`, `term 2`; of a node that is down or paused, that. */
  readonly lines: readonly string[]
  /** Whether it is another than after the step before. */
  readonly changed: boolean
}

export interface ToldLedger {
  /** `spent $15 of $10`. */
  readonly says: string
  readonly broken: boolean
  /** Whether this step is the first that breaks it. */
  readonly breaks: boolean
}

interface Passing {
  readonly at: Nanos
  readonly from: string
  readonly to: string
  readonly text: string
}

/** What is drawn of a step. */
export type Sign =
  | (Passing & { readonly type: 'call' })
  /** `none`: the client gave up. */
  | (Passing & { readonly type: 'answer'; readonly outcome: 'ok' | 'refused' | 'none' })
  /** What one node sends another, and what becomes of it. */
  | (Passing & { readonly type: 'message'; readonly fate: NodeMessage['fate'] })
  /** What these nodes answer alike. */
  | {
      readonly type: 'state'
      readonly at: Nanos
      readonly nodes: readonly [string, ...string[]]
      readonly text: string
    }
  /** A node at the beginning or the end of something that happens to it. */
  | {
      readonly type: 'fault' | 'healed'
      readonly at: Nanos
      readonly node: string
      readonly text: string
    }
  /** Links at the beginning or the end of something that happens to them. */
  | {
      readonly type: 'cut' | 'restored'
      readonly at: Nanos
      /** Both of its directions, or one. */
      readonly between: readonly (readonly [string, string])[]
      readonly text: string
    }

export interface ToldVerdict {
  readonly level: string
  readonly result: 'met' | 'violated' | 'unknown'
}

/** Requests answered in time, over time; the others were refused, or waited in vain. */
export interface Goodput {
  readonly bucketMs: Millis
  readonly askedPerSecond: number
  /** By bucket. */
  readonly answeredPerSecond: readonly number[]
  /** What was wrong meanwhile. */
  readonly troubles: readonly { readonly fromMs: Millis; readonly untilMs: Millis; readonly kind: string }[]
}

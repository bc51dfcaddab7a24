import type { Millis, Nanos } from '@chaosproxy/history'
import type { NodeMessage } from '@chaosproxy/runner/result'

/** A scripted story after its run, ready to be shown. */
export interface PlayedStory {
  readonly name: string
  readonly summary: string
  readonly lesson: string
  readonly source: string
  readonly tellings: readonly StoryTelling[]
  /**
   * The title of the telling in which another system prevents the accident, and the command that plays this telling.
   * Undefined if this telling was played, by the option `--fix`.
   */
  readonly prevention: { readonly title: string; readonly command: string } | undefined
}

export interface StoryTelling {
  readonly kind: 'accident' | 'fix'
  /** The title: `two masters, the last writer wins`. */
  readonly title: string
  /** The setting: `master-master · 2 nodes · in virtual time`. */
  readonly setting: string
  /** Clients, then nodes. */
  readonly clients: readonly string[]
  readonly nodes: readonly string[]
  /** The condition that the ledger checks after every step: `never more than $10 is spent`. */
  readonly promise?: string | undefined
  /** The steps, in order of time. */
  readonly steps: readonly PlayedStep[]
  readonly verdicts: readonly PlayedVerdict[]
  /** The answered requests over time, in a story about throughput. */
  readonly goodput?: Goodput | undefined
  /** A summary of the outcome, in one sentence. */
  readonly ending: string
  /** Deviations from the script; empty if there were none. */
  readonly differences: readonly string[]
}

export interface PlayedStep {
  /** Identifies the step. A story has several runs; corresponding steps of these runs have equal identifiers. */
  readonly what: string
  readonly text: string
  /** The consistency level whose violation begins with this step; absent in all other steps. */
  readonly breaks?: string | undefined
  /** The events drawn, in order of time. */
  readonly signs: readonly Sign[]
  /**
   * What the nodes believe at the end of the step. If the step heals a fault, what they believe just before the
   * healing.
   */
  readonly nodes?: readonly PlayedNode[] | undefined
  /**
   * The state of the story's promise at the end of the step, such as `spent $15 of $10`. Absent in stories without a
   * promise.
   */
  readonly ledger?: PlayedLedger | undefined
}

export interface PlayedNode {
  readonly node: string
  /** The node's state in lines: `$10`, `leader`, `term 2`. For a node that is down or paused, a single line says so. */
  readonly lines: readonly string[]
  /** Whether `lines` differ from those after the previous step. */
  readonly changed: boolean
}

export interface PlayedLedger {
  /** The state of the story's promise, in words: `spent $15 of $10`. */
  readonly says: string
  readonly broken: boolean
  /** Whether this step is the first that breaks the promise. */
  readonly breaks: boolean
}

interface Passing {
  readonly at: Nanos
  readonly from: string
  readonly to: string
  readonly text: string
}

/** An event in the drawing of a step. */
export type Sign =
  | (Passing & { readonly type: 'call' })
  /** `none`: the client got no answer and gave up. */
  | (Passing & { readonly type: 'answer'; readonly outcome: 'ok' | 'refused' | 'none' })
  /** A message between nodes, and what happens to it. */
  | (Passing & { readonly type: 'message'; readonly fate: NodeMessage['fate'] })
  /** An answer to the last reads. All of `nodes` give this answer. */
  | {
      readonly type: 'state'
      readonly at: Nanos
      readonly nodes: readonly [string, ...string[]]
      readonly text: string
    }
  /** The beginning or the end of a fault on a node. */
  | {
      readonly type: 'fault' | 'healed'
      readonly at: Nanos
      readonly node: string
      readonly text: string
    }
  /** The beginning or the end of a fault on links. */
  | {
      readonly type: 'cut' | 'restored'
      readonly at: Nanos
      /** The affected links, each as a pair. A link that is affected in both directions has two pairs. */
      readonly between: readonly (readonly [string, string])[]
      readonly text: string
    }

export interface PlayedVerdict {
  readonly level: string
  readonly result: 'met' | 'violated' | 'unknown'
}

/** The rate of requests answered in time, for each bucket of time. All other requests were refused or timed out. */
export interface Goodput {
  readonly bucketMs: Millis
  readonly askedPerSecond: number
  /** By bucket. */
  readonly answeredPerSecond: readonly number[]
  /** The time spans in which the story's faults were in force. */
  readonly troubles: readonly { readonly fromMs: Millis; readonly untilMs: Millis; readonly kind: string }[]
}

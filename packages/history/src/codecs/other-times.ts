import { Epoch } from '../event/epoch.ts'
import type { EventInput } from '../event/event.ts'
import { EventError, rules } from '../event/rules.ts'
import type { EventSink } from '../event/sink.ts'
import { exactTime, extentOf, instantOf, timeValue, type Unit, unitOf } from './time-units.ts'

const NAME =
  /^@?(?:t|ts|time|timestamp|time_stamp|at|when|date|datetime)(?:_?(?:ns|nanos|us|micros|ms|millis|s|sec))?$/i

interface Found {
  readonly name: string
  readonly unit: Unit
}

/** If events lack `time`, takes their times from a member with another name, such as `timestamp`. */
export class OtherTimes {
  readonly #warn: EventSink['warn']
  readonly #epoch: Epoch
  #found: Found | undefined

  constructor({ source, sink }: { readonly source: string; readonly sink: EventSink }) {
    this.#warn = (message, about) => sink.warn(`${source}: ${message}`, about)
    this.#epoch = sink.epoch ?? new Epoch()
  }

  timed(event: EventInput): EventInput {
    const { time, extra } = event
    if (time !== undefined || extra === undefined) return event
    const found = this.#found ?? this.#find(extra)
    const recorded = found && extra[found.name]
    const exact = exactTime(recorded)
    if (found === undefined || exact === undefined) return event
    // A time in nanoseconds has no fraction.
    if (found.unit.nanos === 1 && typeof recorded === 'number' && !Number.isInteger(recorded))
      throw new EventError(rules.fractionOfTime(found.name, String(recorded)))
    return { ...event, time: this.#epoch.sinceInstant(instantOf(exact, found.unit)) }
  }

  #find(extra: NonNullable<EventInput['extra']>): Found | undefined {
    const name = Object.keys(extra).find((each) => NAME.test(each) && timeValue(extra[each]) !== undefined)
    if (name === undefined) return undefined
    const unit = unitOf(name, extentOf([timeValue(extra[name]) ?? 0]))
    this.#found = { name, unit }
    this.#warn(
      `there is no "time", so ${JSON.stringify(name)} is used instead, in ${unit.name}. Write "time", an integer in nanoseconds.`,
      ...(unit.assumed === true ? (['unit'] as const) : []),
    )
    return this.#found
  }
}

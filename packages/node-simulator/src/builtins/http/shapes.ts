import http from 'node:http'
import { types } from 'node:util'

const { setPrototypeOf } = Object
const { defineProperty, deleteProperty } = Reflect

/**
 * Until Node 24, V8 makes a hidden class for each member that an object gets after its prototype was replaced, and for
 * that object alone: no access anywhere has met such a class before.
 */
const makesClasses = Number.parseInt(process.versions.node, 10) < 24

/** `Object.setPrototypeOf`, to which Express passes each request and its response before it adds a dozen members. */
export function setPrototypeOfMessages(object: object, prototype: object | null): object {
  const done = setPrototypeOf(object, prototype) as object
  if (makesClasses && isMessage(object)) shareClass(object)
  return done
}

/** Not for a proxy, which would notice. */
const isMessage = (object: object): boolean =>
  !types.isProxy(object) && (object instanceof http.IncomingMessage || object instanceof http.OutgoingMessage)

/** `AbortController`'s signal, whose prototype Node replaces. */
export function signalOf({ signal }: AbortController): AbortSignal {
  if (makesClasses) shareClass(signal)
  return signal
}

/** V8 turns an object that loses a member into a dictionary; those of one prototype share one class. */
function shareClass(object: object): void {
  if (defineProperty(object, LOST, LOSABLE)) deleteProperty(object, LOST)
}

const LOST = Symbol('lost')
const LOSABLE = { value: undefined, configurable: true }

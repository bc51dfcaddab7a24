import type { Json } from '../event/event.ts'
import { EventError, shortened } from '../event/rules.ts'
import { canonical } from '../tables/value.ts'
import { isArray, isObject } from './json-text.ts'
import type { Members } from './roles.ts'

// etcd's robustness tests write an operation per line, as an Input and an Output.

export const isEtcdOperation = ({ Input, ClientID, ClientId }: Members): boolean =>
  isObject(Input) && typeof Input['Type'] === 'string' && (ClientID ?? ClientId) !== undefined && 'Txn' in Input

/**
 * Converts an operation of etcd that reads or writes one key.
 *
 * @throws EventError for any other operation of etcd.
 */
export function etcdOperation(members: Members): Members {
  const { ClientID, ClientId, Input, Output, Call, Return } = members
  const input = isObject(Input) ? Input : {}
  const output = isObject(Output) ? Output : {}
  const request = requestOf(input)
  const error = output['Error'] ?? output['ClientError'] ?? ''
  const failed = error === '' || error === null ? {} : { error }
  const isLost = output['PersistedRevision'] !== undefined || output['Persisted'] === true
  const shared = { process: ClientID ?? ClientId ?? null, call: Call ?? null, return: Return ?? null, ...failed }
  if (request.f === 'write')
    return { ...shared, f: 'write', key: request.key, value: request.value, ...(isLost ? { status: 'info' } : {}) }
  return {
    ...shared,
    f: 'read',
    key: request.key,
    ...('error' in failed || isLost ? { status: 'info' } : { output: readBy(output, request.key) }),
  }
}

type EtcdRequest =
  | { readonly f: 'read'; readonly key: string }
  | { readonly f: 'write'; readonly key: string; readonly value: Json }

function requestOf(input: Members): EtcdRequest {
  const { Type: type = '', Range, Txn } = input
  if (type === 'range' && isObject(Range)) {
    const { Start = '', End = '', Revision = 0 } = rangeOf(Range)
    if (End === '' && Revision === 0 && typeof Start === 'string') return { f: 'read', key: Start }
    throw new EventError(
      `this range reads ${End === '' ? `an older revision (${String(Revision)})` : `several keys (${String(Start)} to ${String(End)})`}, and no model judges such reads. Leave these lines out: jq -c 'select(.Input.Range == null or (.Input.Range.End == "" and .Input.Range.Revision == 0))' FILE`,
    )
  }
  if (type === 'txn' && isObject(Txn)) {
    const { Conditions, OperationsOnSuccess } = Txn
    const conditions = isArray(Conditions ?? null) ? (Conditions as readonly Json[]) : []
    const operations = isArray(OperationsOnSuccess ?? null) ? (OperationsOnSuccess as readonly Json[]) : []
    const [only] = operations
    if (conditions.length === 0 && operations.length === 1 && isObject(only)) {
      const one = operationOf(only)
      if (one !== undefined) return one
    }
    throw new EventError(
      `this transaction has ${conditions.length} conditions and ${operations.length} operations (${shortened(canonical(Txn))}): only transactions with one operation and no conditions are read. ${withoutKeys('.[].Input.Txn | select((.Conditions // []) != [] or (.OperationsOnSuccess // [] | length) != 1) | .. | .Key?, .Start? | strings')}`,
    )
  }
  if (type === 'leaseRevoke')
    throw new EventError(
      `this line deletes the keys of a lease, and does not name them. ${withoutKeys('.[] | .. | .Put? | select((.LeaseID // 0) != 0) | .Key')}`,
    )
  throw new EventError(
    `"Type" is ${shortened(canonical(type))}: only range and txn are read. Leave such lines out: jq -c 'select(.Input.Type == "range" or .Input.Type == "txn")' FILE`,
  )
}

/**
 * Returns the advice to leave out every line of these keys. If only the unreadable writes were left out, correct reads
 * of the same keys would be called wrong.
 */
const withoutKeys = (keys: string): string =>
  `Leave out all lines of these keys: jq -cs '[${keys}] as $keys | .[] | select(.Input.Type != "leaseRevoke" and ([.Input | .. | .Key?, .Start? | strings] | any(IN($keys[])) | not))' FILE`

function rangeOf(range: Members): Members {
  const options = range['RangeOptions']
  return isObject(options) ? { ...range, ...options } : range
}

function operationOf(operation: Members): EtcdRequest | undefined {
  const { Type: type, Put, Delete, Range } = operation
  if (type === 'put-operation' && isObject(Put)) {
    const { Key, Value } = Put
    if (typeof Key === 'string') return { f: 'write', key: Key, value: textOf(Value ?? null) }
  }
  if (type === 'delete-operation' && isObject(Delete) && typeof Delete['Key'] === 'string')
    return { f: 'write', key: Delete['Key'], value: null }
  if (type === 'range-operation' && isObject(Range)) {
    const { Start = '', End = '' } = rangeOf(Range)
    if (End === '' && typeof Start === 'string') return { f: 'read', key: Start }
  }
  return undefined
}

/** The value written or read. A long value is recorded as a hash. */
const textOf = (value: Json): Json => {
  if (!isObject(value)) return value
  const { Value = '', Hash = 0 } = value
  return Value === '' && Hash !== 0 ? Hash : Value
}

function readBy(output: Members, key: string): Json {
  const { Range, Txn } = output
  const [first] = isObject(Txn) && isArray(Txn['Results'] ?? null) ? (Txn['Results'] as readonly Json[]) : []
  const read = isObject(Range) ? Range : isObject(first) ? first : {}
  const pairs = isArray(read['KVs'] ?? null) ? (read['KVs'] as readonly Json[]) : []
  const found = pairs.find((pair) => isObject(pair) && pair['Key'] === key)
  return isObject(found) ? textOf(found['Value'] ?? null) : null
}

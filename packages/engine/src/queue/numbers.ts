import * as v from 'valibot'

type NumberSchema = v.GenericSchema<unknown, number>

export const count: NumberSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
export const finite: NumberSchema = v.pipe(v.number(), v.finite())
export const amount: NumberSchema = v.pipe(finite, v.minValue(0))

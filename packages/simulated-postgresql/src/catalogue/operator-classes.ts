/**
 * PostgreSQL's operator classes by access method: oid, name, type. A `-` follows a class that is not its type's
 * default.
 */
const OPERATOR_CLASSES: string = `
403 1978,int4_ops,23 1979,int2_ops,21 1981,oid_ops,26 3122,date_ops,1082 3123,float8_ops,701 3124,int8_ops,20 3125,numeric_ops,1700 3126,text_ops,25 3127,timestamptz_ops,1184 3128,timestamp_ops,1114 4217,text_pattern_ops,25- 4218,varchar_pattern_ops,25- 4219,bpchar_pattern_ops,1042- 10000,array_ops,2277 10002,bit_ops,1560 10003,bool_ops,16 10004,bpchar_ops,1042 10006,bytea_ops,17 10007,char_ops,18 10009,cidr_ops,869- 10012,float4_ops,700 10015,inet_ops,869 10022,interval_ops,1186 10024,macaddr_ops,829 10026,macaddr8_ops,774 10028,name_ops,19 10032,oidvector_ops,30 10034,record_ops,2249 10036,record_image_ops,2249- 10038,time_ops,1083 10041,timetz_ops,1266 10043,varbit_ops,1562 10044,varchar_ops,25- 10047,money_ops,790 10050,tid_ops,27 10053,xid8_ops,5069 10065,uuid_ops,2950 10067,pg_lsn_ops,3220 10069,enum_ops,3500 10071,tsvector_ops,3614 10074,tsquery_ops,3615 10076,range_ops,3831 10080,multirange_ops,4537 10088,jsonb_ops,3802
405 10001,array_ops,2277 10005,bpchar_ops,1042 10008,char_ops,18 10010,cidr_ops,869- 10011,date_ops,1082 10013,float4_ops,700 10014,float8_ops,701 10016,inet_ops,869 10019,int2_ops,21 10020,int4_ops,23 10021,int8_ops,20 10023,interval_ops,1186 10025,macaddr_ops,829 10027,macaddr8_ops,774 10029,name_ops,19 10030,numeric_ops,1700 10031,oid_ops,26 10033,oidvector_ops,30 10035,record_ops,2249 10037,text_ops,25 10039,time_ops,1083 10040,timestamptz_ops,1184 10042,timetz_ops,1266 10045,varchar_ops,25- 10046,timestamp_ops,1114 10048,bool_ops,16 10049,bytea_ops,17 10051,xid_ops,28 10052,xid8_ops,5069 10054,cid_ops,29 10055,tid_ops,27 10056,text_pattern_ops,25- 10057,varchar_pattern_ops,25- 10058,bpchar_pattern_ops,1042- 10059,aclitem_ops,1033 10066,uuid_ops,2950 10068,pg_lsn_ops,3220 10070,enum_ops,3500 10077,range_ops,3831 10081,multirange_ops,4537 10089,jsonb_ops,3802
783 10017,inet_ops,869- 10060,box_ops,603 10061,point_ops,600 10062,poly_ops,604 10063,circle_ops,718 10072,tsvector_ops,3614 10075,tsquery_ops,3615 10078,range_ops,3831 10082,multirange_ops,4537
2742 10064,array_ops,2277 10073,tsvector_ops,3614 10090,jsonb_ops,3802 10091,jsonb_path_ops,3802-
3580 10092,bytea_minmax_ops,17 10093,bytea_bloom_ops,17- 10094,char_minmax_ops,18 10095,char_bloom_ops,18- 10096,name_minmax_ops,19 10097,name_bloom_ops,19- 10098,int8_minmax_ops,20 10099,int8_minmax_multi_ops,20- 10100,int8_bloom_ops,20- 10101,int2_minmax_ops,21 10102,int2_minmax_multi_ops,21- 10103,int2_bloom_ops,21- 10104,int4_minmax_ops,23 10105,int4_minmax_multi_ops,23- 10106,int4_bloom_ops,23- 10107,text_minmax_ops,25 10108,text_bloom_ops,25- 10109,oid_minmax_ops,26 10110,oid_minmax_multi_ops,26- 10111,oid_bloom_ops,26- 10112,tid_minmax_ops,27 10113,tid_bloom_ops,27- 10114,tid_minmax_multi_ops,27- 10115,float4_minmax_ops,700 10116,float4_minmax_multi_ops,700- 10117,float4_bloom_ops,700- 10118,float8_minmax_ops,701 10119,float8_minmax_multi_ops,701- 10120,float8_bloom_ops,701- 10121,macaddr_minmax_ops,829 10122,macaddr_minmax_multi_ops,829- 10123,macaddr_bloom_ops,829- 10124,macaddr8_minmax_ops,774 10125,macaddr8_minmax_multi_ops,774- 10126,macaddr8_bloom_ops,774- 10127,inet_minmax_ops,869- 10128,inet_minmax_multi_ops,869- 10129,inet_bloom_ops,869- 10130,inet_inclusion_ops,869 10131,bpchar_minmax_ops,1042 10132,bpchar_bloom_ops,1042- 10133,time_minmax_ops,1083 10134,time_minmax_multi_ops,1083- 10135,time_bloom_ops,1083- 10136,date_minmax_ops,1082 10137,date_minmax_multi_ops,1082- 10138,date_bloom_ops,1082- 10139,timestamp_minmax_ops,1114 10140,timestamp_minmax_multi_ops,1114- 10141,timestamp_bloom_ops,1114- 10142,timestamptz_minmax_ops,1184 10143,timestamptz_minmax_multi_ops,1184- 10144,timestamptz_bloom_ops,1184- 10145,interval_minmax_ops,1186 10146,interval_minmax_multi_ops,1186- 10147,interval_bloom_ops,1186- 10148,timetz_minmax_ops,1266 10149,timetz_minmax_multi_ops,1266- 10150,timetz_bloom_ops,1266- 10151,bit_minmax_ops,1560 10152,varbit_minmax_ops,1562 10153,numeric_minmax_ops,1700 10154,numeric_minmax_multi_ops,1700- 10155,numeric_bloom_ops,1700- 10156,uuid_minmax_ops,2950 10157,uuid_minmax_multi_ops,2950- 10158,uuid_bloom_ops,2950- 10159,range_inclusion_ops,3831 10160,pg_lsn_minmax_ops,3220 10161,pg_lsn_minmax_multi_ops,3220- 10162,pg_lsn_bloom_ops,3220- 10163,box_inclusion_ops,603
4000 10018,inet_ops,869 10079,range_ops,3831 10083,box_ops,603 10084,quad_point_ops,600 10085,kd_point_ops,600- 10086,text_ops,25 10087,poly_ops,604
`

export interface OperatorClass {
  readonly method: number
  readonly oid: number
  readonly name: string
  readonly type: number
  readonly isDefault: boolean
}

let read: readonly OperatorClass[] | undefined

export function operatorClasses(): readonly OperatorClass[] {
  read ??= OPERATOR_CLASSES.trim()
    .split('\n')
    .flatMap((line) => {
      const [method, ...classes] = line.split(' ')
      return classes.map((each) => {
        const [oid, name = '', type = ''] = each.split(',')
        return {
          ...{ method: Number(method), oid: Number(oid), name, type: Number(type.replace('-', '')) },
          isDefault: !type.endsWith('-'),
        }
      })
    })
  return read
}

/** Returns the default operator class of an index method. */
export const defaultClass = (method: number, types: readonly number[]): OperatorClass | undefined => {
  const classes = operatorClasses().filter((each) => each.method === method && each.isDefault)
  for (const type of types) {
    const found = classes.find((each) => each.type === type)
    if (found !== undefined) return found
  }
  return undefined
}

import { readFileSync } from 'node:fs';

/**
 * What SQL may name. The engine runs in local mode, where every query may read and write the files of the
 * machine, open connections and start programs. So table functions, engines and an analyst's settings, system
 * tables and functions go by lists of what is harmless: what a later engine brings is refused until somebody has
 * looked at it. Our services may call every scalar function but those that are known to reach outside.
 * Names are in lower case.
 */

const names = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Table functions that only compute, or read tables that the caller may read anyway. */
export const tableFunctions = names(`
  numbers numbers_mt zeros zeros_mt generate_series generateseries generaterandom primes values null view
  merge dictionary format`);

/** `merge` takes a database by pattern, so it could reach system tables. */
export const tableFunctionsDeniedToAnalyst = names('merge');

/**
 * Table functions and engines that reach outside of the data directory. The names are refused wherever a `(`
 * follows them, as a table, a function or an engine.
 */
export const outsideNames = names(`
  arrowstream azureblobstorage azureblobstoragecluster azurequeue cluster clusterallreplicas cosn deltalake
  deltalakeazure deltalakeazurecluster deltalakecluster deltalakelocal deltalakes3 deltalakes3cluster disk
  distributed embeddedrocksdb eval executable executablepool file filecluster filelog filesystem fuzzjson
  fuzzquery gcs hdfs hdfscluster hive hudi hudicluster iceberg icebergazure icebergazurecluster icebergcluster
  iceberghdfs iceberghdfscluster iceberglocal iceberglocalcluster icebergs3 icebergs3cluster jdbc kafka
  keepermap loop materializedmysql materializedpostgresql mongodb mysql nats odbc oss paimon paimonazure
  paimonazurecluster paimoncluster paimonhdfs paimonhdfscluster paimonlocal paimons3 paimons3cluster postgresql
  prometheusquery prometheusqueryrange python queryrunner rabbitmq redis remote remotesecure s3 s3cluster
  s3queue sqlite url urlcluster viewexplain ytsaurus`);

/** Functions that read files, call out, or tell about the machine. */
export const deniedFunctions = names(`
  addresstoline addresstolinewithinlines addresstosymbol aiclassify aiembed aiextract aigenerate aitranslate
  catboostevaluate displayname file filesystemavailable filesystemcapacity filesystemfree filesystemunreserved
  fqdn fullhostname generateserialid getclienthttpheader getmacro getoskernelversion getserverport
  getserversetting hostname lemmatize logtrace serveruuid showcertificate stem synonyms tcpport trap
  zookeepersessionuptime`);

/** Every function of the engine that this was written for (its `system.functions`), the denied ones included. */
export const pinnedFunctions = names(readFileSync(new URL('functions.txt', import.meta.url), 'utf8'));

/** What the engine calls functions in a statement's tree, though they are none. */
const functionsOfTheParser = names('lambda exists');

/** Suffixes that make a function of its own out of an aggregate function, also several of them. */
const combinators =
  /(?:simplestate|ordefault|distinct|resample|foreach|argmax|argmin|ornull|tuple|merge|state|array|null|map|if)$/;

/** Whether a function was there when the lists of this file were made; what a later engine adds is not. */
export function isKnownFunction(name: string): boolean {
  const lower = name.toLowerCase();
  if (pinnedFunctions.has(lower) || functionsOfTheParser.has(lower) || tableFunctions.has(lower)) return true;
  const base = lower.replace(combinators, '');
  return base !== lower && base !== '' && isKnownFunction(base);
}

/** Table and database engines whose data lives in the data directory or in memory. */
export const engines = names(`
  mergetree replacingmergetree summingmergetree aggregatingmergetree collapsingmergetree
  versionedcollapsingmergetree graphitemergetree coalescingmergetree replicatedmergetree
  replicatedreplacingmergetree replicatedsummingmergetree replicatedaggregatingmergetree
  replicatedcollapsingmergetree replicatedversionedcollapsingmergetree replicatedcoalescingmergetree
  log tinylog stripelog memory null set join buffer merge dictionary generaterandom view materializedview
  atomic`);

/** Tables of `system` that an analyst may read: what can be queried, not how the machine is set up. */
export const systemTables = names(`
  one numbers numbers_mt zeros zeros_mt tables columns databases functions table_functions formats
  data_type_families aggregate_function_combinators collations keywords time_zones`);

/** First words of ClickHouse's statements; any other is a slip of the pen, and is told so. */
export const statementWords = names(`
  ( alter attach backup begin call check commit copy create delete desc describe detach drop exchange execute
  exists explain from grant insert kill move optimize parallel rename replace restore revoke rollback select set
  show system truncate undrop unfreeze update use watch with`);

/** Statements that only read. */
export const readingKinds = names('select with ( from show describe desc explain exists');

/** What may follow SHOW for an analyst. */
export const showable = names(
  'tables full databases columns fields create index indexes keys functions dictionaries',
);

/** Statements of our services, by their first keyword; where a set is given, the second keyword is in it. */
export const serviceKinds: ReadonlyMap<string, ReadonlySet<string> | undefined> = new Map([
  ...[...readingKinds].map((kind) => [kind, undefined] as const),
  ...[
    'insert',
    'drop',
    'truncate',
    'rename',
    'exchange',
    'delete',
    'update',
    'optimize',
    'check',
    'kill',
  ].map((kind) => [kind, undefined] as const),
  ['use', undefined],
  ['set', undefined],
  ['detach', names('table view dictionary permanently')],
  ['attach', names('table view dictionary materialized')],
  ['alter', names('table')],
  ['create', names('or table temporary view materialized database dictionary')],
  ['replace', names('table dictionary view')],
  ['system', names('flush stop start reload sync wait')],
]);

/** Databases of the engine itself. */
export const enginesOwn = names('system information_schema');

/** Statements after which something is not there any more, or is something else. */
export const takingAway = names('drop detach rename exchange truncate');

/** Settings that name files, disks or programs, or change how SQL is read. */
export const deniedSetting =
  /^(?:format_schema|format_template|format_custom_schema|input_format_record|disk$|storage_policy$|dialect$|user_files|.*_path$|filesystem_cache|s3_|azure_|hdfs_|storage_file|engine_file|engine_url|allow_experimental_eval|workload$|implicit_|query_plan_explain|allow_introspection|send_logs|remote_filesystem|session_id$|log_comment$|param_)/;

/** Settings that an analyst may give: how results look and how a query is planned; never limits or rights. */
export const analystSetting =
  /^(?:output_format_(?!schema)\w+|date_time_output_format|date_time_input_format|session_timezone|extremes|max_block_size|join_use_nulls|join_algorithm|join_default_strictness|union_default_mode|intersect_default_mode|except_default_mode|group_by_use_nulls|prefer_column_name_to_alias|transform_null_in|any_join_distinct_right_table_keys|aggregate_functions_null_for_empty|final|count_distinct_implementation|cast_keep_nullable|optimize_read_in_order|enable_optimize_predicate_expression|empty_result_for_aggregation_by_empty_set|select_sequential_consistency|joined_subquery_requires_alias|format_csv_delimiter|format_csv_null_representation|format_tsv_null_representation|float_precision|output_format_json_\w+)$/;

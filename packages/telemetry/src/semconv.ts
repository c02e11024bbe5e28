/**
 * The strings of the OpenTelemetry semantic conventions 1.45 that we use. Copied: the package that defines them is slow to
 * import, and its entry for conventions in development must not be imported at run time.
 */
export const ERROR_TYPE = 'error.type';

export const DB_SYSTEM_NAME = 'db.system.name';
export const DB_NAMESPACE = 'db.namespace';
export const DB_QUERY_SUMMARY = 'db.query.summary';
export const DB_RESPONSE_STATUS_CODE = 'db.response.status_code';
export const DB_POOL_NAME = 'db.client.connection.pool.name';
export const DB_CONNECTION_STATE = 'db.client.connection.state';

export const MESSAGING_SYSTEM_NAME = 'messaging.system.name';
/** The name of {@link MESSAGING_SYSTEM_NAME} before 1.45. */
export const MESSAGING_SYSTEM = 'messaging.system';
export const MESSAGING_OPERATION_NAME = 'messaging.operation.name';
export const MESSAGING_OPERATION_TYPE = 'messaging.operation.type';
export const MESSAGING_DESTINATION_NAME = 'messaging.destination.name';
export const MESSAGING_PARTITION_ID = 'messaging.destination.partition.id';
export const MESSAGING_MESSAGE_ID = 'messaging.message.id';
export const MESSAGING_BATCH_COUNT = 'messaging.batch.message_count';
export const MESSAGING_CONSUMER_GROUP = 'messaging.consumer.group.name';

export const CLOUDEVENTS_EVENT_ID = 'cloudevents.event_id';
export const CLOUDEVENTS_EVENT_TYPE = 'cloudevents.event_type';

/** The value that stands for everything beyond a bound. */
export const OTHER = '_OTHER';

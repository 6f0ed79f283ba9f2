-- constructed; schema columns from public readers (named in README.md)
BEGIN TRANSACTION;
CREATE TABLE message_nodes (row_id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, node_id INTEGER NOT NULL, parent_node_id INTEGER, chat_message TEXT NOT NULL, created_at INTEGER NOT NULL, metadata TEXT, UNIQUE(session_id,node_id));
INSERT INTO "message_nodes" VALUES(1,'amber-otter',1,NULL,'{"role": "system", "content": "sys"}',1788256801,NULL);
INSERT INTO "message_nodes" VALUES(2,'amber-otter',2,1,'{"role": "user", "content": "create hello.txt", "metadata": {"is_user_input": true}}',1788256801,NULL);
INSERT INTO "message_nodes" VALUES(3,'amber-otter',3,2,'{"role": "assistant", "message_id": "m-req-1", "content": "", "thinking": "plan: write file", "tool_calls": [{"id": "write_0", "name": "write", "arguments": {"file_path": "/home/dev/acme/hello.txt", "content": "hi"}}], "metadata": {"request_id": "req-1", "generation_model": "swe-1-7", "started_generation_at": "2026-09-01T10:00:01.000Z", "created_at": "2026-09-01T10:00:03.000Z", "metrics": {"input_tokens": 466, "output_tokens": 254, "cache_read_tokens": 12430, "cache_creation_tokens": 0, "ttft_ms": 300}}}',1788256801,NULL);
INSERT INTO "message_nodes" VALUES(4,'amber-otter',4,3,'{"role": "tool", "tool_call_id": "write_0", "content": "Wrote 2 bytes"}',1788256801,NULL);
INSERT INTO "message_nodes" VALUES(5,'amber-otter',5,4,'{"role": "assistant", "message_id": "m-req-2", "content": "Created hello.txt.", "thinking": "", "tool_calls": [], "metadata": {"request_id": "req-2", "generation_model": "swe-1-7", "started_generation_at": "2026-09-01T10:00:04.000Z", "created_at": "2026-09-01T10:00:05.500Z", "metrics": {"input_tokens": 120, "output_tokens": 30, "cache_read_tokens": 12900, "cache_creation_tokens": 100, "ttft_ms": 300}}}',1788256801,NULL);
INSERT INTO "message_nodes" VALUES(6,'amber-otter',6,2,'{"role": "assistant", "message_id": "m-req-1", "content": "", "thinking": "plan: write file", "tool_calls": [{"id": "write_0", "name": "write", "arguments": {"file_path": "/home/dev/acme/hello.txt", "content": "hi"}}], "metadata": {"request_id": "req-1", "generation_model": "swe-1-7", "started_generation_at": "2026-09-01T10:00:01.000Z", "created_at": "2026-09-01T10:00:03.000Z", "metrics": {"input_tokens": 466, "output_tokens": 254, "cache_read_tokens": 12430, "cache_creation_tokens": 0, "ttft_ms": 300}}}',1788256801,NULL);
CREATE TABLE prompt_history (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT, content TEXT, timestamp INTEGER, is_shell INTEGER DEFAULT 0);
INSERT INTO "prompt_history" VALUES(1,'amber-otter','create hello.txt',1788256800,0);
CREATE TABLE sessions (id TEXT PRIMARY KEY, working_directory TEXT NOT NULL, backend_type TEXT NOT NULL, model TEXT NOT NULL, agent_mode TEXT NOT NULL, created_at INTEGER NOT NULL, last_activity_at INTEGER NOT NULL, title TEXT, main_chain_id INTEGER, shell_last_seen_index INTEGER DEFAULT 0, cogs_json TEXT, workspace_dirs TEXT, hidden INTEGER NOT NULL DEFAULT 0, metadata TEXT);
INSERT INTO "sessions" VALUES('amber-otter','/home/dev/acme','Windsurf','swe-1-7','bypass',1788256800,1788256810,'t',5,0,NULL,NULL,0,NULL);
CREATE TABLE subagent_heads (session_id TEXT, agent_id TEXT, chain_node_id INTEGER, updated_at INTEGER);
CREATE TABLE tool_call_state (session_id TEXT, tool_call_id TEXT, tool_call_json TEXT, tool_call_update_json TEXT);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('message_nodes',6);
INSERT INTO "sqlite_sequence" VALUES('prompt_history',1);
COMMIT;

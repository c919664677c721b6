//! The shapes of the templates in use, by family: each uses the features that its family's templates use.

use domain::Verdict;

use super::judged;

const SHAPES: &[(&str, &str)] = &[
    ("plain name", "chatml"),
    (
        "chatml",
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    ),
    (
        "first system, sliced, raising",
        "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}",
    ),
    (
        "tools with dates and builtins",
        "{{- bos_token }}\n{%- if custom_tools is defined %}\n{%- set tools = custom_tools %}\n{%- endif %}\n{%- if not tools_in_user_message is defined %}\n{%- set tools_in_user_message = true %}\n{%- endif %}\n{%- if not date_string is defined %}{%- if strftime_now is defined %}{%- set date_string = strftime_now(\"%d %b %Y\") %}{%- else %}{%- set date_string = \"26 Jul 2024\" %}{%- endif %}{%- endif %}{%- if not tools is defined %}{%- set tools = none %}{%- endif %}\n{#- This block extracts the system message. #}\n{%- if messages[0]['role'] == 'system' %}{%- set system_message = messages[0]['content']|trim %}{%- set messages = messages[1:] %}{%- else %}{%- set system_message = \"\" %}{%- endif %}{%- if builtin_tools is defined %}{{- \"Tools: \" + builtin_tools | reject('equalto', 'code_interpreter') | join(\", \") + \"\\n\\n\"}}{%- endif %}{%- for t in tools %}{{- t | tojson(indent=4) }}{%- endfor %}{%- for message in messages %}{%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}{%- elif 'tool_calls' in message %}{%- if not message.tool_calls|length == 1 %}{{- raise_exception(\"one\") }}{%- endif %}{%- set tool_call = message.tool_calls[0].function %}{%- if builtin_tools is defined and tool_call.name in builtin_tools %}{{- \"<|python_tag|>\" + tool_call.name + \".call(\" }}{%- for arg_name, arg_val in tool_call.arguments | items %}{{- arg_name + '=\"' + arg_val + '\"' }}{%- if not loop.last %}{{- \", \" }}{%- endif %}{%- endfor %}{%- endif %}{%- elif message.content is mapping or message.content is iterable %}{{- message.content | tojson }}{%- endif %}{%- endfor %}",
    ),
    (
        "tool use with ids and namespaces",
        "{%- set user_messages = messages | selectattr(\"role\", \"equalto\", \"user\") | list %}{%- set ns = namespace() %}{%- set ns.index = 0 %}{%- for message in messages %}{%- if not (message.role == \"tool\" or message.role == \"tool_results\" or (message.tool_calls is defined and message.tool_calls is not none)) %}{%- set ns.index = ns.index + 1 %}{%- endif %}{%- if message[\"role\"] == \"user\" %}{%- if tools is not none and (message == user_messages[-1]) %}{{- \"[AVAILABLE_TOOLS] [\" }}{%- for tool in tools %}{%- set tool = tool.function %}{{- '{\"type\": \"function\", \"function\": {' }}{%- for key, val in tool.items() if key != \"return\" %}{%- if val is string %}{{- '\"' + key + '\": \"' + val + '\"' }}{%- else %}{{- '\"' + key + '\": ' + val|tojson }}{%- endif %}{%- if not loop.last %}{{- \", \" }}{%- endif %}{%- endfor %}{{- \"}}\" }}{%- endfor %}{%- endif %}{%- elif message.tool_calls is defined %}{%- for tool_call in message.tool_calls %}{%- set out = tool_call.function|tojson %}{{- out[:-1] }}{%- if not tool_call.id is defined or tool_call.id|length != 9 %}{{- raise_exception(\"ids\") }}{%- endif %}{{- ', \"id\": \"' + tool_call.id + '\"}' }}{%- endfor %}{%- endif %}{%- endfor %}",
    ),
    (
        "thinking, reversed messages",
        "{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}{%- for message in messages[::-1] %}{%- set index = (messages|length - 1) - loop.index0 %}{%- if ns.multi_step_tool and message.role == \"user\" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}{%- set ns.multi_step_tool = false %}{%- set ns.last_query_index = index %}{%- endif %}{%- endfor %}{%- for message in messages %}{%- if message.content is string %}{%- set content = message.content %}{%- else %}{%- set content = '' %}{%- endif %}{%- set reasoning_content = '' %}{%- if message.reasoning_content is string %}{%- set reasoning_content = message.reasoning_content %}{%- elif '</think>' in content %}{%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}{%- set content = content.split('</think>')[-1].lstrip('\\n') %}{%- endif %}{%- if loop.last or (not loop.last and reasoning_content) %}{{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}{%- endif %}{%- if loop.first or (messages[loop.index0 - 1].role != \"tool\") %}{{- '<|im_start|>user' }}{%- endif %}{%- if loop.last or (messages[loop.index0 + 1].role != \"tool\") %}{{- '<|im_end|>\\n' }}{%- endif %}{%- endfor %}{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}",
    ),
    (
        "roles renamed, multimodal lists",
        "{{ bos_token }}{%- if messages[0]['role'] == 'system' -%}{%- if messages[0]['content'] is string -%}{%- set first_user_prefix = messages[0]['content'] + '\n\n' -%}{%- else -%}{%- set first_user_prefix = messages[0]['content'][0]['text'] + '\n\n' -%}{%- endif -%}{%- set loop_messages = messages[1:] -%}{%- else -%}{%- set first_user_prefix = \"\" -%}{%- set loop_messages = messages -%}{%- endif -%}{%- for message in loop_messages -%}{%- if (message['role'] == 'assistant') -%}{%- set role = \"model\" -%}{%- else -%}{%- set role = message['role'] -%}{%- endif -%}{{ '<start_of_turn>' + role + '\n' + (first_user_prefix if loop.first else \"\") }}{%- if message['content'] is iterable -%}{%- for item in message['content'] -%}{%- if item['type'] == 'image' -%}{{ '<start_of_image>' }}{%- elif item['type'] == 'text' -%}{{ item['text'] | trim }}{%- endif -%}{%- endfor -%}{%- endif -%}{{ '<end_of_turn>\n' }}{%- endfor -%}",
    ),
    (
        "system with tools in content",
        "{% for message in messages %}{% if message['role'] == 'system' and 'tools' in message and message['tools'] is not none %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|tool|>' + message['tools'] + '<|/tool|>' + '<|end|>' }}{% else %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endif %}{% endfor %}",
    ),
    (
        "accumulated system prompt in a namespace",
        "{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}{% set ns = namespace(is_first=false, is_tool=false, is_output_first=true, system_prompt='', is_first_sp=true) %}{%- for message in messages %}{%- if message['role'] == 'system' %}{%- if ns.is_first_sp %}{% set ns.system_prompt = ns.system_prompt + message['content'] %}{% set ns.is_first_sp = false %}{%- else %}{% set ns.system_prompt = ns.system_prompt + '\\n\\n' + message['content'] %}{%- endif %}{%- endif %}{%- endfor %}{{ bos_token }}{{ ns.system_prompt }}{%- for message in messages %}{%- if message['role'] == 'assistant' and 'tool_calls' in message %}{%- for tool in message['tool_calls'] %}{{ '<｜tool▁call▁begin｜>' + tool['type'] + '<｜tool▁sep｜>' + tool['function']['name'] + '\\n```json\\n' + tool['function']['arguments'] + '\\n```' }}{%- set ns.is_first = true -%}{%- endfor %}{%- endif %}{% endfor %}",
    ),
    (
        "macros over schemas",
        "{%- macro json_to_python_type(json_spec) %}{%- set basic_type_map = {\"string\": \"str\", \"number\": \"float\", \"integer\": \"int\", \"boolean\": \"bool\"} %}{%- if basic_type_map[json_spec.type] is defined %}{{- basic_type_map[json_spec.type] }}{%- elif json_spec.type == \"array\" %}{{- \"list[\" + json_to_python_type(json_spec|items) + \"]\"}}{%- elif json_spec.type == \"object\" %}{%- if json_spec.additionalProperties is defined %}{{- \"dict[str, \" + json_to_python_type(json_spec.additionalProperties) + ']'}}{%- else %}{{- \"dict\" }}{%- endif %}{%- elif json_spec.type is iterable %}{{- \"Union[\" }}{%- for t in json_spec.type %}{{- json_to_python_type({\"type\": t}) }}{%- if not loop.last %}{{- \",\" }}{%- endif %}{%- endfor %}{{- \"]\" }}{%- else %}{{- \"Any\" }}{%- endif %}{%- endmacro %}{%- for tool in tools %}{%- if tool.function is defined %}{%- set tool = tool.function %}{%- endif %}{{- '{\"name\": ' + '\"' + tool.name + '\", ' }}{%- for param_name, param_fields in tool.parameters.properties|items %}{{- param_name + \": \" + json_to_python_type(param_fields) }}{%- if param_fields.enum is defined %}{{ param_fields.enum|join(' | ') }}{%- endif %}{%- endfor %}{%- if tool.parameters.required is not none %}{{ tool.parameters.required | tojson }}{%- endif %}{%- endfor %}",
    ),
    (
        "documents and citations",
        "{{ bos_token }}{% if documents %}{% for document in documents %}{{ \"\\nDocument: \" }}{{ loop.index0 }}\n{% for key, value in document.items() %}{{ key }}: {{value}}\n{% endfor %}{% endfor %}{% endif %}{% set name_map = {\"user\": \"<|USER_TOKEN|>\", \"assistant\": \"<|CHATBOT_TOKEN|>\"} %}{% for message in messages %}{{ name_map[message['role']|lower|trim] or message.get('role', 'user') }}{{ message['content'].replace('\\n', ' ') }}{% endfor %}{%- set today = strftime_now('%B %d, %Y') %}",
    ),
    (
        "typescript types, deep macros with defaults",
        "{%- macro render_type(spec, required, is_nullable=false) -%}{%- if spec.type == \"array\" -%}{%- if spec['items'] -%}{%- if spec['items']['type'] == \"string\" -%}{{- \"string[]\" }}{%- else -%}{%- set inner = render_type(spec['items'], required) -%}{%- if inner == \"object | object\" or inner|length > 50 -%}{{- \"any[]\" }}{%- else -%}{{- inner + \"[]\" }}{%- endif -%}{%- endif -%}{%- endif -%}{%- elif spec.oneOf -%}{%- for variant in spec.oneOf -%}{{- render_type(variant, required) -}}{%- if variant.default is defined %}{{- \"// default: \" + variant.default|tojson }}{%- endif -%}{%- endfor -%}{%- else -%}{%- for prop_name, prop in spec.properties.items() -%}{{- prop_name }}{%- if prop_name not in (spec.required or []) -%}?{%- endif -%}{%- endfor -%}{%- endif -%}{%- endmacro -%}{%- macro build(namespace_name, tools) -%}{%- for tool in tools %}{%- set tool = tool.function %}{{- \"type \" + tool.name + \" = (_: \" + render_type(tool.parameters, tool.parameters.required or []) }}{%- endfor %}{%- endmacro -%}{%- if builtin_tools %}{%- set available = namespace(browser=false, python=false) %}{%- for tool in builtin_tools %}{%- if tool == \"browser\" %}{%- set available.browser = true %}{%- endif %}{%- endfor %}{%- endif %}{{- build(\"functions\", tools) }}{%- set last_tool_call = namespace(name=none) %}{%- for message in loop_messages|default(messages) -%}{%- if \"thinking\" in message and \"<|channel|>\" in message.thinking %}{{- raise_exception(\"no\") }}{%- endif %}{%- set future_final_message = namespace(found=false) %}{%- for future_message in messages[loop.index:] %}{%- if future_message.role == 'assistant' and \"tool_calls\" not in future_message %}{%- set future_final_message.found = true %}{%- endif %}{%- endfor %}{%- endfor -%}{{ model_identity }}{{ reasoning_effort|upper }}",
    ),
    (
        "generation blocks, call blocks, filters, loop controls, raw",
        "{% raw %}{{ not a tag }}{% endraw %}{% for m in messages %}{% if m.role == 'x' %}{% continue %}{% endif %}{% if loop.index > 9 %}{% break %}{% endif %}{% generation %}{{ m.content }}{{ eos_token }}{% endgeneration %}{% endfor %}{% macro box(title, n=1) %}{{ title }}{{ caller(n) }}{% endmacro %}{% call(n) box('Hi') %}{{ n }}{% endcall %}{% filter upper|trim %}text{% endfilter %}{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{% set block %}some {{ bos_token }}{% endset %}{{ block|trim }}",
    ),
    (
        "expressions",
        "{{ 1 + 2 - 3 * 4 / 5 // 6 % 7 ** 8 }}{{ -x if x is defined and x is not none else 1.5e3 }}{{ [1, 2, 3,] }}{{ (1, 2) }}{{ {'a': 1, 'b': [2],} }}{{ 'a' 'b' ~ 'c' ~ 1 }}{{ messages[1:-1:2] }}{{ not a or b and (c in d) and e not in f }}{{ a.0 }}{{ a is divisibleby 3 }}{{ a is sameas none }}{{ a|default('x', true)|upper }}{{ 0x1F + 1_000 }}{{ a == b != c <= d }}",
    ),
    (
        "a growing list of merged messages",
        "{% set ns = namespace(merged=[], text='') %}{% for m in messages %}{% if ns.merged and ns.merged[-1].role == m.role %}{% set ns.text = ns.text ~ '\n' ~ m.content %}{% else %}{% set ns.merged = ns.merged + [{'role': m.role, 'content': m.content}] %}{% endif %}{% endfor %}{% for m in ns.merged %}{{ m['role'] + ': ' + m.content|trim }}{% endfor %}{{ ns.text }}",
    ),
    (
        "keys of schemas by loops over constants",
        "{% set handled = ['type', 'description', 'enum'] %}{% for key in handled %}{% if tool[key] is defined %}{{ tool[key] | tojson }}{% endif %}{% endfor %}{% for k, v in {'a': 'b'}.items() %}{{ messages[0][k] }}{% endfor %}{% for key in tool.keys() | list | sort %}{% if key not in handled %}{{ tool[key]|string }}{% endif %}{% endfor %}",
    ),
    (
        "methods of texts and lists",
        "{{ content.split('a')[-1].lstrip('\n').rstrip().replace('\n\n', '\n').upper().title() }}{{ ', '.join(names) }}{{ '%s: %d' | format(name, 3) }}{{ '{} {}'.format(a, b) }}{% set _ = items_list.append(3) %}{{ messages|map(attribute='content')|join('\n') }}{{ tools|map('tojson')|join('\n') }}{{ messages|groupby('role') }}{{ messages|sum(attribute='n') }}{{ message.get('name', '') }}{{ x.startswith(('a', 'b')) }}{{ x|replace('a', 'b')|length }}",
    ),
];

#[test]
fn templates_of_every_family_are_clean() {
    for (family, template) in SHAPES {
        let (verdict, facts) = judged(template);
        assert_eq!(verdict, Verdict::Clean, "{family}: {facts:?}");
    }
}

#[test]
fn the_name_of_a_variable_that_nobody_knows_is_a_mere_remark() {
    let (verdict, facts) = judged("{{ my_own_flag }}");
    assert_eq!(verdict, Verdict::Clean);
    assert_eq!(facts, [("template-unknown-name".to_owned(), "my_own_flag".to_owned())]);
}

#[test]
fn text_about_internals_is_not_reaching_for_them() {
    for template in [
        "Write `obj.__class__.__name__` in Python.",
        "{# ''.__class__ #}",
        "{% raw %}{{ ''.__class__ }}{% endraw %}",
        "{{ 'Answer in Python: if __name__ == \"__main__\": main() in __init__.py' }}",
        "{{ '__start__' + bos_token + '__end__' }}",
    ] {
        assert_eq!(judged(template).0, Verdict::Clean, "{template}");
    }
}

# Completion of pannier for bash: source <(pannier completion bash)

_pannier() {
    local word words=() candidates=() directive=4 last i

    # Readline breaks words at =, pannier does not: put them together again.
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        last=$((${#words[@]} - 1))
        if ((last >= 0)) && [[ $word == =* || ${words[last]} == *= ]]; then
            words[last]+=$word
        else
            words+=("$word")
        fi
    done
    word=${words[-1]-}

    COMPREPLY=()
    while IFS= read -r i; do
        case $i in
        :=*) ;; # readline knows by itself where the name of a file begins
        :*) directive=${i#:} ;;
        *) candidates+=("${i%%$'\t'*}") ;;
        esac
    done < <("${COMP_WORDS[0]}" completion candidates -- "${words[@]}" 2>/dev/null)

    # Of --output=json, readline replaces what is behind the last break.
    last=${word%"${word##*=}"}
    for i in "${candidates[@]}"; do
        COMPREPLY+=("${i#"$last"}")
    done
    ((directive & 2)) && compopt -o nospace
    ((directive & 4)) && compopt +o default
    ((directive & 16)) && compopt +o default -o dirnames
    return 0
}

# Without candidates, readline completes names of files.
complete -o default -F _pannier pannier

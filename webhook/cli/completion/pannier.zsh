#compdef pannier
# Completion of pannier for zsh: source <(pannier completion zsh), or as _pannier in a directory of fpath

_pannier() {
    local line name prefix='' described=()
    local -i directive=4

    for line in "${(@f)$("${(Q)words[1]}" completion candidates -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
        case $line in
            (:=*) prefix=${line#:=} ;;
            (:*) directive=${line#:} ;;
            (?*)
                name=${line%%$'\t'*}
                described+=("${name//:/\\:}:${${line#$name}#$'\t'}")
                ;;
        esac
    done

    if (( ! (directive & 4) )); then
        compset -P "${(b)prefix}"
        if (( directive & 16 )); then _files -/; else _files; fi
    elif (( directive & 2 )); then
        _describe -V candidate described -S ''
    else
        _describe -V candidate described
    fi
}

# Read by autoload, the file is the function's body.
if [[ ${funcstack[1]-} == _pannier ]]; then
    _pannier "$@"
else
    compdef _pannier pannier
fi
